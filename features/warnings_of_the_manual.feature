Feature: What the manual warns of
  Settings that look right and are not, and habits of phones that have surprised people before.

  @PHN-7
  Scenario: SIP UDP Listening Port counts after a reboot of the PBX
    Given the PBX has SIP UDP Listening Port switched off
    And a site ready for teleworkers
    And a colleague's phone is deployed in the office
    When the installer switches SIP UDP Listening Port on
    Then nobody answers the colleague's phone yet, and the PBX says that it needs a reboot
    And after a reboot of the PBX the colleague's phone registers

  @PHN-7 @negative
  Scenario: A firewall at home that lets no audio out: the call stands, and one side hears nothing
    Given a site ready for teleworkers
    And the teleworker's home has a firewall that lets no audio out
    And the teleworker's phone is deployed and registered
    And a colleague's phone is deployed in the office
    When the colleague in the office calls the teleworker
    And the teleworker answers
    Then the colleague in the office hears nothing, and the journal names the firewall

  @PRV-1 @PHN-6 @negative
  Scenario: A phone that got its files but no account: MCS says why
    Given a site ready for teleworkers
    And the installer has assigned the teleworker's extension without remote credentials
    When the teleworker connects the phone at home
    Then the phone has files, but no account
    And the phone's history in MCS says "does not use remote authorization credentials"
    And the phone registers once the installer has checked "Use remote authorization credentials"

  @API-1 @PHN-4 @negative
  Scenario: Somebody with a browser asks for a phone's file and learns nothing
    Given a site ready for teleworkers
    And the installer has provisioned and assigned the teleworker
    When somebody outside asks for the phone's file with a browser
    Then MCS gives no file and no hint
    And the teleworker's phone gets its extension all the same

  @PHN-3 @negative
  Scenario: A value that was once typed on the phone beats MCS's until it is erased
    Given a site ready for teleworkers
    And somebody once typed another SIP password on the teleworker's phone
    When the teleworker's phone is deployed
    Then the phone's registration is refused with 401
    And the phone registers once its own settings are erased

  @PHN-2 @PHN-4
  Scenario: An administrator password with letters counts as the one that phones are delivered with
    Given a site ready for teleworkers
    And somebody once typed "letmein22" as administrator password on the teleworker's phone
    When the teleworker points the phone at MCS with the password "22222"
    Then the Phones page shows the phone's MAC address, model and firmware
