Feature: Phone Manager: one softphone, at the office and outside
  Where Phone Manager finds MCS and where its softphone registers depends on where the computer is.

  @ADR-5 @ADR-7
  Scenario: Outside, it finds MCS by the remote address and registers at the NAT IP Address
    Given a site ready for teleworkers and for Phone Manager
    And the teleworker may use Phone Manager and has a provisioned extension
    When the teleworker opens Phone Manager at home
    Then the softphone is registered through the MBG
    And MCS saw Phone Manager at the MBG's internal address

  @ADR-5
  Scenario: In the office it registers with the node itself
    Given a site ready for teleworkers and for Phone Manager
    And the teleworker may use Phone Manager and has a provisioned extension
    When the teleworker opens Phone Manager in the office
    Then the softphone is registered with the node
    And the MBG has not heard of the softphone

  @ADR-7
  Scenario: The remote address learnt in the office works at home
    Given a site ready for teleworkers and for Phone Manager
    And the teleworker may use Phone Manager and has a provisioned extension
    When the teleworker opens Phone Manager in the office
    And takes the computer home
    Then the softphone is registered through the MBG

  @ADR-7 @negative
  Scenario: With a wrong remote address it does not find MCS at home
    Given a site ready for teleworkers and for Phone Manager
    And the teleworker may use Phone Manager and has a provisioned extension
    When the installer enters a remote address that nobody has
    And the teleworker opens Phone Manager in the office
    And takes the computer home
    Then Phone Manager says that MCS was not found

  @ADR-5 @PRV-1 @negative
  Scenario: Without remote credentials there is no softphone outside
    Given a site ready for teleworkers and for Phone Manager
    And the teleworker may use Phone Manager
    When the teleworker opens Phone Manager at home
    Then Phone Manager says that the extension is not provisioned

  @PRV-3 @negative
  Scenario: A softphone outside takes a teleworker licence like a phone
    Given the MBG has 1 teleworker licence
    And a site ready for teleworkers and for Phone Manager
    And the colleague's phone is deployed at home
    And the teleworker may use Phone Manager and has a provisioned extension
    When the teleworker opens Phone Manager at home
    Then the softphone is told that no teleworker licence is free
