Feature: Stage 5: extensions
  "Use remote authorization credentials" makes a SIP extension a teleworker's.

  @EXT-1 @EXT-2 @EXT-5 @smoke
  Scenario: Checking the box provisions the extension
    Given a site ready for teleworkers
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then the extension is provisioned on the MBG
    And the SIP Authorization form shows a random remote name and the MBG's id
    And saving again changes no credential
    And the colleague gets other credentials, just as strong

  @EXT-2 @negative @strict
  Scenario Outline: A password that the MBG would refuse is refused at once: <password>
    Given a site ready for teleworkers
    When the installer tries to enter "<password>" as the remote password
    Then MCS refuses it and names the field "remote_password"

    Examples:
      | password |
      | Ab-1234  |
      | 12345678 |
      | abcdefgh |

  @EXT-2 @negative @strict
  Scenario: A password equal to the name is refused at once
    Given a site ready for teleworkers
    When the installer tries to enter the remote name as the remote password
    Then MCS refuses it and names the field "remote_password"

  @EXT-3 @EXT-5
  Scenario: Unchecking the box removes the SIP user, and the phone's next registration fails
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When the installer unchecks "Use remote authorization credentials" for the teleworker
    Then the SIP user is removed from the MBG
    And the SIP Authorization form shows no id of the MBG
    And the PBX no longer has the teleworker's extension registered
    And the phone's next registration is refused with 403

  @EXT-4
  Scenario: A SIP user made by hand stays
    Given a site ready for teleworkers
    And the MBG has a SIP user for the teleworker's extension
    When the installer unchecks "Use remote authorization credentials" for the teleworker
    Then the SIP user made by hand is still there

  @EXT-4 @negative
  Scenario: A SIP user made by hand stays, also when the box was checked meanwhile
    Given a site with addresses, port forwarding and ICP in place
    When the installer checks "Use remote authorization credentials" for the teleworker
    And the MBG has a SIP user for the teleworker's extension
    And the installer unchecks "Use remote authorization credentials" for the teleworker
    And the installer completes the token exchange
    Then the SIP user made by hand is still there
    And MCS says of the extension that it found "made by hand"

  @EXT-4 @negative
  Scenario: A SIP user made by hand in the place of MCS's own stays
    Given a site ready for teleworkers
    And the installer has provisioned and assigned the teleworker
    When somebody removes the SIP user on the MBG and makes one by hand
    And the installer unchecks "Use remote authorization credentials" for the teleworker
    Then the SIP user made by hand is still there
    And MCS says of the extension that it found "made by hand"

  @EXT-6 @PRV-3 @negative
  Scenario: An authorization name that is not the extension number is warned of, and refused by the PBX
    Given the PBX has "9001" as authorization name of the teleworker's extension
    And a site ready for teleworkers
    When the teleworker's phone is deployed
    Then the SIP Authorization form warns of the authorization name
    And the phone is refused because "Authorization name 9001 is not the extension number"
    And every teleworker licence is free

  @EXT-6 @strict
  Scenario: MCS warns of the authorization name at once, before anybody checks the box
    Given the PBX has "9001" as authorization name of the teleworker's extension
    When the installer connects the PBX
    Then the SIP Authorization form warns of the authorization name

  @API-1
  Scenario: New credentials of the PBX reach the MBG by themselves
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When the PBX gives the teleworker's extension new credentials
    Then the extension's SIP user gets the PBX's new password
    And 10 minutes later the teleworker's phone still works

  @API-1
  Scenario: Nobody sees a credential
    Given a site ready for teleworkers
    When the teleworker's phone is deployed
    Then no credential shows on any page, in the log, in the journal or in the run's folder
