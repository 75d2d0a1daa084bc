Feature: Stage 2: port forwarding on the MBG
  TCP 8202 at the MBG's external address reaches MCS, with SNAT.

  @FWD-1 @smoke
  Scenario: The forward carries a teleworker's configuration and firmware
    Given a site ready for teleworkers
    When the teleworker's phone is deployed
    Then the phone took its files and its firmware through the MBG

  @FWD-1
  Scenario: The forward is still there after a restart of the MBG
    Given a site ready for teleworkers
    When the MBG restarts
    And the teleworker's phone is deployed
    Then the phone took its files and its firmware through the MBG

  @FWD-1 @negative
  Scenario: Without the forward a phone at home reaches nothing
    Given a site with addresses and ICP in place
    When the teleworker connects the phone at home
    Then the phone has no configuration
    And MCS does not know the phone

  @FWD-2
  Scenario: LDAP, TFTP and syslog are closed at the MBG's outside
    Given a site ready for teleworkers
    When somebody outside probes the MBG
    Then only the phones' port is open

  @FWD-2 @negative
  Scenario: One more forward is found
    Given a site ready for teleworkers
    And the installer has forwarded LDAP as well
    When somebody outside probes the MBG
    Then LDAP is found open

  @FWD-3
  Scenario: With SNAT the forward's connections come from the MBG's internal address
    Given a site ready for teleworkers
    When the teleworker connects the phone at home
    Then MCS saw the phone at the MBG's internal address

  @FWD-3 @negative
  Scenario: Without SNAT a teleworker is handed addresses that it can not reach
    Given a site ready for teleworkers, but with SNAT off
    When the teleworker's phone is deployed
    Then the Phones page shows the phone as "local"
    And nobody answers the phone's registration
    And the journal names the cause: no path from home to lan
