Feature: Stage 6: the phone
  A person at home points the phone at MCS once; it does the rest by itself.

  @PHN-2 @PHN-3 @PHN-7 @smoke
  Scenario: From the Configuration Server form to a registered teleworker
    Given a site ready for teleworkers
    And the installer has provisioned and assigned the teleworker
    When the teleworker points the phone at MCS with the password "22222"
    Then the phone took new firmware and restarted
    And the teleworker's extension is registered at the PBX
    And the Phones page shows the phone as registered, with its new firmware

  @PHN-3 @PHN-5 @PHN-7
  Scenario Outline: A <model> gets there, over <transport>
    Given a site ready for teleworkers
    And the teleworker has a <model> that uses <transport>
    When the teleworker's phone is deployed
    Then the teleworker's extension is registered at the PBX
    And the phone registered over <transport>
    And the phone's top softkeys show "Line 1" and "Line 2"

    Examples:
      | model | transport |
      | 6920  | UDP       |
      | 6930  | UDP       |
      | 6940  | UDP       |
      | 6970  | UDP       |
      | 6930  | TCP       |
      | 6930  | TLS       |
      | 6970  | TLS       |

  @PHN-2 @negative
  Scenario: A wrong administrator password gets nowhere
    Given a site ready for teleworkers
    When the teleworker points the phone at MCS with the password "11111"
    Then the phone does not let anybody in
    And MCS does not know the phone

  @PHN-2 @negative
  Scenario: With Cert Validation on, the phone does not take MCS's own certificate
    Given a site ready for teleworkers
    When the teleworker points the phone at MCS with Cert Validation on
    Then the phone says that the certificate was refused
    And the phone has no configuration

  @PHN-1 @negative
  Scenario: A MiNET phone put straight into a home never gets there
    Given a site ready for teleworkers
    When the teleworker plugs in a phone with MiNET firmware at home
    Then the phone stays a MiNET phone
    And MCS does not know the phone

  @PHN-4 @smoke
  Scenario: The phone is identified by its MAC address
    Given a site ready for teleworkers
    When the teleworker connects the phone at home
    Then the Phones page shows the phone's MAC address, model and firmware

  @PHN-5 @smoke
  Scenario: The top softkeys are Line 1 and Line 2
    Given a site ready for teleworkers
    When the teleworker connects the phone at home
    Then the phone's top softkeys show "Line 1" and "Line 2"

  @PHN-6
  Scenario: A teleworker has no Setup key and gets its extension from MCS
    Given a site ready for teleworkers
    And the teleworker has connected the phone at home
    When the phone offers no "Setup" key
    And the installer provisions and assigns the teleworker
    And 3 minutes pass
    Then the teleworker's extension is registered at the PBX

  @PHN-6 @negative
  Scenario: A local phone that is not assigned does offer Setup
    Given a site ready for teleworkers
    When a colleague connects a phone in the office
    Then the colleague's phone offers a "Setup" key

  @PHN-6
  Scenario: A local phone that is assigned offers Setup no more
    Given a site ready for teleworkers
    When a colleague's phone is deployed in the office
    Then the colleague's phone registers at the PBX itself
    And the colleague's phone offers no "Setup" key

  @PHN-7
  Scenario: The phone keeps itself registered
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When 60 minutes pass
    Then the teleworker's extension is registered at the PBX
    And the phone has renewed its registration at least 10 times
    And the registration was never lost

  @PHN-7
  Scenario: Calls for the extension find the phone through the MBG
    Given a site ready for teleworkers
    When the teleworker's phone is deployed
    Then the teleworker's extension is registered at the PBX
    And the PBX reaches the extension at the MBG's internal address

  @PHN-7
  Scenario: A colleague's call rings at the teleworker's phone
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    And a colleague's phone is deployed in the office
    When the colleague in the office calls the teleworker
    And the teleworker answers
    Then both hear each other
    And the teleworker's voice comes through the MBG alone

  @PHN-7
  Scenario: The teleworker calls a colleague
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    And a colleague's phone is deployed in the office
    When the teleworker calls the colleague in the office
    And the colleague in the office answers
    Then both hear each other

  @PHN-7 @negative
  Scenario: Who calls a phone that lost its registration hears that nobody is there
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    And a colleague's phone is deployed in the office
    When the password of the teleworker's SIP user is changed on the MBG
    And 12 minutes pass
    And the colleague in the office calls the teleworker
    Then the colleague in the office is told that nobody is there

  @PHN-7 @PRV-3 @negative
  Scenario: With another password than the PBX's the ICP refuses, and no licence is lost
    Given the MBG has 1 teleworker licence
    And a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When the teleworker's SIP user gets another ICP-side password than the PBX's
    Then the phone is refused by the ICP
    And 6 minutes later the registration is over
    And every teleworker licence is free

  @PHN-7 @negative
  Scenario: A phone with another password than the MBG's is not registered
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When the password of the teleworker's SIP user is changed on the MBG
    Then the phone's next registration is refused with 401
