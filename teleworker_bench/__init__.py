"""The bench for other projects' tests: a pytest plugin with an MBG, a PBX, phones, an estate."""
