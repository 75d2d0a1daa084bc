Feature: Outages, at each stage
  MBG, PBX, CT Gateway or MCS is away for a while. Who needs it waits and says so, and goes on by itself.

  @ADR-1 @PRV-1
  Scenario: Stage 1, the CT Gateway is away: MCS says so, and reads the extensions once it is back
    Given the CT Gateway is away
    When the installer connects the PBX
    Then the phone system's page says that the CT Gateway can not be reached
    And once the CT Gateway is back the page lists the teleworker's extension

  @FWD-1
  Scenario: Stage 2, the MBG is away and comes back: its forward is there again
    Given a site ready for teleworkers
    When the MBG is away for 10 minutes
    And the teleworker's phone is deployed
    Then the phone took its files and its firmware through the MBG

  @ICP-1 @ICP-2
  Scenario Outline: Stage 3, the <role> goes away as the ICP was put right: it is the node's afterwards
    Given a site ready for teleworkers, but with another ICP address
    And the installer has checked "Use remote authorization credentials" for the teleworker in vain
    When the installer puts the ICP's address right
    And the <role> is away for 2 minutes
    Then the extension is provisioned on the MBG
    And the SIP device belongs to the node's ICP

    Examples:
      | role       |
      | MBG        |
      | MCS        |
      | CT Gateway |
      | PBX        |

  @TOK-3 @TOK-6 @negative
  Scenario: Stage 4, the MBG is away: no token is requested, and MCS says why
    Given a site with addresses, port forwarding and ICP in place
    And the MBG is away
    When the installer presses "Save & Test API Credentials"
    Then MCS refuses and says "cannot be reached"
    And MCS has no valid token

  @TOK-4 @TOK-5
  Scenario Outline: Stage 4, the <role> is away between request and verifier: the request is not lost
    Given a site with addresses, port forwarding and ICP in place
    When the installer presses "Save & Test API Credentials"
    And the <role> is away for 10 minutes
    And the installer approves the temporary token
    And the installer presses "Retrieve Final Access Token" with the verifier
    Then MCS has a valid token for 12 months

    Examples:
      | role       |
      | MBG        |
      | MCS        |
      | CT Gateway |
      | PBX        |

  @PRV-1 @EXT-1
  Scenario Outline: Stage 5, the <role> is away: the extension is provisioned all the same, at once or afterwards
    Given a site ready for teleworkers
    And the <role> is away
    When the installer checks "Use remote authorization credentials" for the teleworker
    And the <role> comes back, and 10 minutes pass
    Then the extension is provisioned on the MBG
    And the MBG has exactly one SIP user

    Examples:
      | role       |
      | MBG        |
      | CT Gateway |
      | PBX        |

  @PRV-1 @EXT-1
  Scenario: Stage 5, MCS goes away right after Save: it goes on where it was
    Given a site ready for teleworkers
    And the MBG is away
    When the installer checks "Use remote authorization credentials" for the teleworker
    And the MCS is away for 10 minutes
    And the MBG comes back, and 10 minutes pass
    Then the extension is provisioned on the MBG
    And the MBG has exactly one SIP user

  @EXT-3
  Scenario: Stage 5, the MBG is away when the box is unchecked: the SIP user goes afterwards
    Given a site ready for teleworkers
    And the installer has provisioned and assigned the teleworker
    And the MBG is away
    When the installer wants the teleworker's SIP user removed
    And the MBG comes back, and 10 minutes pass
    Then MCS has removed the SIP user from the MBG

  @PHN-3 @PHN-7
  Scenario Outline: Stage 6, the <role> is away while the phone starts: it gets there once the <role> is back
    Given a site ready for teleworkers
    And the installer has provisioned and assigned the teleworker
    And the teleworker has entered the Configuration Server
    And the <role> is away
    When the teleworker's phone is switched on
    And the <role> comes back, and 30 minutes pass
    Then the teleworker's extension is registered at the PBX

    Examples:
      | role       |
      | MBG        |
      | PBX        |
      | CT Gateway |
      | MCS        |

  @PHN-7
  Scenario Outline: In service, the <role> is away for <minutes> minutes: the phone works again by itself
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When the <role> is away for <minutes> minutes
    And 30 minutes pass
    Then the teleworker's extension is registered at the PBX
    And the MBG shows its SIP device as "registered"

    Examples:
      | role       | minutes |
      | MBG        | 2       |
      | MBG        | 20      |
      | PBX        | 2       |
      | PBX        | 20      |
      | CT Gateway | 20      |
      | MCS        | 20      |

  @API-1 @PRV-1
  Scenario: The PBX gives new credentials while MCS is away: they reach the MBG afterwards
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    And the MCS is away
    When the PBX gives the teleworker's extension new credentials
    And the MCS comes back, and 10 minutes pass
    Then the extension's SIP user gets the PBX's new password
