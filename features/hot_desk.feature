Feature: Hot desks: a desk of one's own at somebody else's phone
  A SIP Hot Desk extension logs in on a phone at home or in the office, and leaves it as it was.

  Background:
    Given the PBX has a SIP Hot Desk extension
    And a site ready for teleworkers
    And the teleworker's phone is deployed and registered

  @EXT-7
  Scenario: On a teleworker's phone a hot desk logs in, registers through the MBG and logs out
    Given the hot desk is provisioned for remote use
    When somebody logs in as the hot desk on the teleworker's phone
    Then the hot desk is registered at the PBX through the MBG
    And after the log-out the teleworker's extension is registered at the PBX

  @EXT-7 @negative
  Scenario: Without remote credentials the log-in fails cleanly
    When somebody tries to log in as the hot desk on the teleworker's phone
    Then the phone's screen says that the hot desk has no remote credentials
    And the phone kept its own extension all the time

  @EXT-7 @negative
  Scenario: A wrong passcode gets nowhere
    Given the hot desk is provisioned for remote use
    When somebody tries to log in as the hot desk with a wrong passcode
    Then the phone's screen says that extension and passcode do not match
    And the phone kept its own extension all the time

  @EXT-7
  Scenario: In the office the hot desk registers with the node itself
    Given a colleague's phone is deployed in the office
    When somebody logs in as the hot desk on the colleague's phone
    Then the hot desk is registered at the PBX from the office
    And after the log-out the colleague's extension is registered at the PBX

  @EXT-7
  Scenario: A second log-in logs out the first
    Given a colleague's phone is deployed in the office
    And the hot desk is provisioned for remote use
    And somebody has logged in as the hot desk on the teleworker's phone
    When somebody logs in as the hot desk on the colleague's phone
    Then the hot desk is registered at the PBX from the office
    And 3 minutes later the teleworker's phone has its own extension again

  @EXT-7
  Scenario: A log-in by feature code at another phone logs out the teleworker's phone, too
    Given a colleague's phone is deployed in the office
    And the hot desk is provisioned for remote use
    And somebody has logged in as the hot desk on the teleworker's phone
    When somebody dials the hot desk's feature code at the colleague's phone
    Then 3 minutes later the teleworker's phone has its own extension again

  @EXT-7
  Scenario: A power failure does not log the hot desk out
    Given the hot desk is provisioned for remote use
    And somebody has logged in as the hot desk on the teleworker's phone
    When the power fails at the teleworker's home and comes back
    Then the hot desk is registered at the PBX through the MBG

  @EXT-7
  Scenario: Calls for the hot desk find the phone where it is logged in
    Given a colleague's phone is deployed in the office
    And the hot desk is provisioned for remote use
    And somebody has logged in as the hot desk on the teleworker's phone
    When the colleague in the office calls the hot desk
    And the teleworker answers
    Then both hear each other
