Feature: Before anything
  MCS provisions phones by itself only where MBG, PBX and CT Gateway are able to take part.

  @PRE-1
  Scenario: An MBG of release 10 is good enough
    Given the MBG runs release 10.0.0.1
    And a site with addresses, port forwarding and ICP in place
    When the installer completes the token exchange
    And the installer checks "Use remote authorization credentials" for the teleworker
    Then the extension is provisioned on the MBG

  @PRE-1 @negative
  Scenario: An MBG below release 10 is not used
    Given the MBG runs release 9.4.0.33
    And a site with addresses, port forwarding and ICP in place
    When the installer completes the token exchange
    And the installer checks "Use remote authorization credentials" for the teleworker
    Then MCS says of the extension that it found "9.4.0.33"
    And the MBG has no SIP device

  @PRE-2 @negative
  Scenario: An MBG that is not in Gateway mode is not used
    Given the MBG is deployed in server-only mode
    And a site with addresses and ICP in place
    When the installer completes the token exchange
    And the installer checks "Use remote authorization credentials" for the teleworker
    Then MCS says of the extension that it found "server-only"
    And the MBG has no SIP device

  @PRE-2
  Scenario: Only an MBG in Gateway mode has port forwarding
    Given the MBG is deployed in server-only mode
    And a site with addresses and ICP in place
    When the installer tries to forward the phones' port
    Then the MBG says that it has no port forwarding

  @PRE-3 @negative
  Scenario Outline: A PBX of <release>, below 6.3 SP1, has no random credentials to pass on
    Given the PBX runs release <release>
    And a site ready for teleworkers
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then MCS says of the extension that it found "runs release <release>;"
    And the MBG has no SIP device

    Examples:
      | release |
      | 6.2     |
      | 6.3     |

  @PRE-3 @PRE-5
  Scenario Outline: A PBX of <release> is no older than 6.3 SP1
    Given the PBX runs release <release>
    And a site ready for teleworkers
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then the extension is provisioned on the MBG
    And the phone system's page has nothing to complain of

    Examples:
      | release |
      | 6.3 SP1 |
      | 6.3 SP2 |
      | 6.10    |

  @PRE-4 @PRE-5
  Scenario Outline: A CT Gateway of <release> hands credentials to MCS
    Given the CT Gateway runs release <release>
    And a site ready for teleworkers
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then the extension is provisioned on the MBG
    And the phone system's page has nothing to complain of

    Examples:
      | release  |
      | 5.0.64   |
      | 5.0.100  |

  @PRE-4 @PRE-5 @negative
  Scenario: A CT Gateway below 5.0.64 can not hand credentials to MCS
    Given the CT Gateway runs release 5.0.9
    And a site ready for teleworkers
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then the phone system's page says that it found "5.0.9"
    And MCS says of the extension that it found "5.0.9"
    And the MBG has no SIP device
