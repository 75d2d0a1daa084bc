Feature: In the office: from the box to a phone with its extension
  A new phone runs MiNET firmware. On the local network it becomes a SIP phone and gets its extension.

  @PHN-1
  Scenario: A new MiNET phone becomes a SIP phone on the local network
    Given a site ready for teleworkers
    And MCS has boot loader and SIP firmware for the colleague's phone
    When a colleague plugs in a new phone in the office
    Then the phone took boot loader and SIP firmware by TFTP
    And the Phones page shows the colleague's phone as "local" with SIP firmware

  @PHN-1 @negative
  Scenario: Without SIP firmware in MCS it stays a MiNET phone
    Given a site ready for teleworkers
    When a colleague plugs in a new phone in the office
    Then the colleague's phone has no SIP firmware
    And MCS does not know the colleague's phone

  @PHN-6
  Scenario: In the office the Setup key chooses the extension
    Given a site ready for teleworkers
    And a colleague has connected a phone in the office
    When the colleague presses Setup and chooses the own extension
    Then the colleague's phone registers at the PBX itself
    And the colleague's phone offers no "Setup" key

  @PHN-6 @negative @strict
  Scenario: An extension that somebody has is not on the Setup screen
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    And a colleague has connected a phone in the office
    When the colleague presses Setup and looks for the teleworker's extension
    Then it is not offered

  @PHN-6 @strict
  Scenario: A change reaches a phone in the office at once
    Given a site ready for teleworkers
    And a colleague has connected a phone in the office
    When the installer assigns the colleague's extension
    Then the colleague's phone registers at the PBX itself without waiting for its poll

  @PRV-4 @EXT-4
  Scenario: Credentials typed on both sides work, and MCS leaves that SIP user alone
    Given a site ready for teleworkers, without the Rest API
    And the MBG has a SIP user for the teleworker's extension with the PBX's credentials
    When the installer types the same remote name and password into MCS
    And the teleworker's phone is pointed at MCS
    Then the teleworker's extension is registered at the PBX
    And the SIP user typed by hand is as it was, and the only one

  @PRV-4 @negative
  Scenario: With another password typed into MCS the phone is refused
    Given a site ready for teleworkers, without the Rest API
    And the MBG has a SIP user for the teleworker's extension with the PBX's credentials
    When the installer types another remote password into MCS
    And the teleworker's phone is pointed at MCS
    Then the phone's registration is refused with 401
