"""The suites: Gherkin features, thin steps over actors, and the demo that plays the six stages."""
