Feature: Stage 4: the API between MCS and MBG
  A consumer, a temporary token that a person approves, a verifier, a final token for 12 months.

  @TOK-1 @TOK-2 @TOK-3 @TOK-4 @TOK-5 @smoke
  Scenario: The token exchange, step by step
    Given a site with addresses, port forwarding and ICP in place
    When the installer presses "Save & Test API Credentials"
    And the installer approves the temporary token
    And the installer presses "Retrieve Final Access Token" with the verifier
    Then MCS has a valid token for 12 months

  @TOK-1 @TOK-6 @negative
  Scenario: Nothing answers until web services are started
    Given a site with addresses, port forwarding and ICP in place
    And web services on the MBG are stopped
    When the installer presses "Save & Test API Credentials"
    Then MCS refuses and says "Start"

  @TOK-1 @negative
  Scenario: A new MBG stays silent
    Given a bare site
    When the installer enters the MBG's internal address
    And the installer enters a shared secret that is not known to anybody
    Then MCS refuses and says "Start"

  @TOK-2 @TOK-4 @TOK-5 @TOK-6 @negative
  Scenario Outline: <mistake> fails with its own error
    Given a site with addresses, port forwarding and ICP in place
    When the installer makes the mistake: <mistake>
    Then MCS refuses with the code <code> and says "<words>"
    And MCS has no valid token

    Examples:
      | mistake                        | code                 | words         |
      | wrong Consumer ID              | consumer_unknown     | Consumer ID   |
      | wrong Shared Secret            | signature_invalid    | Shared Secret |
      | consumer not active            | consumer_inactive    | Active        |
      | temporary token not approved   | token_not_approved   | approve       |
      | wrong verifier                 | verifier_invalid     | is wrong      |
      | temporary token too old        | token_expired        | expired       |
      | web services stopped meanwhile | web_services_stopped | Start         |

  @TOK-6 @negative
  Scenario: Each mistake is told in words of its own
    Given a site with addresses, port forwarding and ICP in place
    When the installer makes the mistake: wrong verifier
    Then every other mistake would have been told in other words

  @TOK-3 @negative @strict
  Scenario: Without "Enable Rest API" no token is requested
    Given a site with addresses, port forwarding and ICP in place
    When the installer requests a token without enabling the Rest API
    Then MCS refuses it and names the field "rest_api_enabled"

  @TOK-6
  Scenario Outline: The working token stays in place: <mistake>
    Given a site ready for teleworkers
    When the installer makes the mistake: <mistake>
    Then MCS refuses with the code <code> and says "<words>"
    And provisioning still works

    Examples:
      | mistake                        | code                 | words         |
      | wrong Shared Secret            | signature_invalid    | Shared Secret |
      | temporary token not approved   | token_not_approved   | approve       |
      | wrong verifier                 | verifier_invalid     | is wrong      |
      | web services stopped meanwhile | web_services_stopped | Start         |

  @TOK-6
  Scenario: A request that nobody approves leaves the working token in place
    Given a site ready for teleworkers
    When the installer presses "Save & Test API Credentials"
    Then provisioning still works

  @TOK-7 @strict
  Scenario: MCS warns before the token ends
    Given a site ready for teleworkers
    When 340 days pass
    Then MCS shows the token as "expiring" and says "Renew"

  @TOK-7 @negative
  Scenario: Past 12 months provisioning waits and says why
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When 366 days pass
    And the installer checks "Use remote authorization credentials" for the colleague
    Then provisioning of the colleague waits, and MCS says "Renew"
    And the teleworker's phone still works

  @TOK-7 @TOK-8
  Scenario: Renew extends the token, and waiting work goes on by itself
    Given a site ready for teleworkers
    And 366 days have passed, and provisioning of the colleague waits
    When the installer presses "Renew" on the MBG
    And 3 minutes pass
    Then the colleague's extension is provisioned on the MBG
    And there was no new handshake
    And MCS has a valid token for 12 months

  @TOK-8
  Scenario: A token renewed in good time never ends
    Given a site ready for teleworkers
    When 340 days pass
    And the installer presses "Renew" on the MBG
    And 60 days pass
    Then provisioning still works

  @TOK-9 @negative
  Scenario Outline: With <permission> at "<level>" the error names what is missing
    Given a site ready for teleworkers
    And the consumer has <permission> at the level <level>
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then MCS says of the extension that it found "<missing>"
    And the MBG has no SIP device

    Examples:
      | permission     | level | missing                |
      | MBG/v1/icps    | none  | MBG/v1/icps = read     |
      | MBG/v1/devices | none  | MBG/v1/devices = read  |
      | MBG/v1/devices | read  | MBG/v1/devices = write |

  @PRV-1
  Scenario: Extensions that were configured before the token came are provisioned too
    Given a site with addresses, port forwarding and ICP in place
    When the installer checks "Use remote authorization credentials" for the teleworker
    And the installer completes the token exchange
    Then the extension is provisioned on the MBG

  @PRV-2
  Scenario: Credentials that a SIP user has already are overwritten
    Given a site ready for teleworkers
    And the MBG has a SIP user for the teleworker's extension
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then the extension is provisioned on the MBG
    And the SIP user has MCS's credentials

  @PRV-2 @negative @strict
  Scenario: A SIP user of the same name at another ICP is somebody else's
    Given a site ready for teleworkers
    And the MBG has a SIP user of the same name at another ICP
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then the extension is provisioned on the MBG
    And the SIP user at the other ICP is as it was

  @PRV-3 @negative @strict
  Scenario: Without a free teleworker licence the connection is refused as such
    Given the MBG has 1 teleworker licence
    And a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When the colleague's phone is deployed at home
    Then the colleague's phone is refused for want of a licence
    And MCS's page Licences shows 1 teleworker licence in use and 1 wanting

  @PRV-3
  Scenario: A licence set free serves the next
    Given the MBG has 1 teleworker licence
    And a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    And the colleague's phone at home was refused for want of a licence
    When the teleworker's phone loses power for 10 minutes
    And the colleague's phone tries again
    Then the colleague's extension is registered at the PBX
