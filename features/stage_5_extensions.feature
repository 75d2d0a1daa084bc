Feature: Stage 5: extensions
  "Use remote authorization credentials" makes a SIP extension a teleworker's.

  @EXT-1 @EXT-2 @EXT-5
  Scenario: Checking the box provisions the extension
    Given a site ready for teleworkers
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then the extension is provisioned on the MBG
    And the SIP Authorization form shows a random remote name and the MBG's id
    And the form shows no password

  @EXT-2 @negative
  Scenario: A password that the MBG would refuse is refused at once
    Given a site ready for teleworkers
    When the installer tries to enter "1234567" as the remote password
    Then MCS refuses it and names the field "remote_password"

  @EXT-3
  Scenario: Unchecking the box removes the SIP user, and the phone's next registration fails
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When the installer unchecks "Use remote authorization credentials" for the teleworker
    Then the MBG has no SIP device
    And the phone's next registration is refused

  @EXT-4
  Scenario: A SIP user made by hand stays
    Given a site ready for teleworkers
    And the MBG has a SIP user for the teleworker's extension
    When the installer unchecks "Use remote authorization credentials" for the teleworker
    Then the SIP user made by hand is still there

  @EXT-6 @negative
  Scenario: An authorization name that is not the extension number is warned of, and refused by the PBX
    Given the PBX has "9001" as authorization name of the teleworker's extension
    And a site ready for teleworkers
    When the teleworker's phone is deployed
    Then the SIP Authorization form warns of the authorization name
    And the phone is refused because "Authorization name 9001 is not the extension number"

  @API-1
  Scenario: Nobody sees a credential
    Given a site ready for teleworkers
    When the teleworker's phone is deployed
    Then no credential shows in the journal, on the form or in the list of devices
