@strict
Feature: The MBG on a bad day
  Answers get lost, calls come at a bad moment, datagrams vanish. Nothing is lost, nothing is made twice.

  @PRV-1
  Scenario: The answer to a new SIP user gets lost
    Given a site ready for teleworkers
    And the answer to the next new SIP user gets lost
    When the installer checks "Use remote authorization credentials" for the teleworker
    And provisioning of the teleworker waits, and MCS says "connection broke"
    And 3 minutes pass
    Then the extension is provisioned on the MBG
    And the MBG has exactly one SIP user

  @PRV-1
  Scenario Outline: A busy MBG that answers <status> is asked again
    Given a site ready for teleworkers
    And the MBG is busy for one call and answers <status>
    When the installer checks "Use remote authorization credentials" for the teleworker
    And provisioning of the teleworker waits, and MCS says "called again in 2 s"
    And 3 minutes pass
    Then the extension is provisioned on the MBG
    And the MBG was busy once

    Examples:
      | status |
      | 429    |
      | 503    |

  @PRV-1 @PRV-2
  Scenario Outline: An answer that is <fault> makes no second SIP user
    Given a site ready for teleworkers
    And the answer to the next new SIP user is <fault>
    When the installer checks "Use remote authorization credentials" for the teleworker
    And provisioning of the teleworker waits, and MCS says "connection broke"
    And 3 minutes pass
    Then the extension is provisioned on the MBG
    And the MBG has exactly one SIP user

    Examples:
      | fault          |
      | truncate       |
      | reset-mid-body |

  @PRV-3 @negative
  Scenario: With the licence server away nobody new is served, and nobody loses a licence
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    And the MBG's licence server is away
    When the colleague's phone is deployed at home
    Then the colleague's phone is refused for want of a licence
    And 10 minutes later the teleworker's phone still works

  @PHN-7
  Scenario: A line that loses every third SIP message does not keep a phone from registering
    Given a site ready for teleworkers
    And every third SIP message outside gets lost
    When the teleworker's phone is deployed
    And 3 minutes pass
    Then the teleworker's extension is registered at the PBX
    And SIP messages were lost on the way

  @PHN-3 @PHN-7
  Scenario: The MBG restarts, and the phone comes back by itself
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When the MBG restarts
    And 10 minutes pass
    Then the MBG shows its SIP device as "registered"
    And the teleworker's extension is registered at the PBX

  @PHN-7 @negative
  Scenario: An MBG that restarts with its records lost knows nobody
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When the MBG restarts with its records lost
    And 10 minutes pass
    Then the teleworker's phone is not registered

  @TOK-6
  Scenario: A consumer that is deactivated stops everything, activating it restores everything
    Given a site ready for teleworkers
    When the installer deactivates the consumer on the MBG
    And the installer checks "Use remote authorization credentials" for the teleworker
    And provisioning of the teleworker waits, and MCS says "Active"
    And the installer activates the consumer on the MBG
    And 10 minutes pass
    Then the extension is provisioned on the MBG

  @TOK-2 @TOK-6 @negative
  Scenario Outline: The signature debugger names the mistake: <secret>
    Given a site with addresses, port forwarding and ICP in place
    When the installer enters a shared secret that is <secret>
    Then MCS refuses with the code signature_invalid and says "Shared Secret"
    And the MBG's signature debugger says "<words>"

    Examples:
      | secret               | words             |
      | another consumer's   | that of MiCollab  |
      | not known to anybody | a secret is wrong |

  @FWD-2 @FWD-3 @negative
  Scenario Outline: The MBG warns of a port forwarding rule <mistake>
    Given a site with addresses, port forwarding and ICP in place
    When somebody adds a port forwarding rule <mistake>
    Then the MBG's page Port Forwarding warns with "<words>"

    Examples:
      | mistake      | words |
      | for LDAP     | FWD-2 |
      | for syslog   | FWD-2 |
      | for TFTP     | FWD-2 |
      | without SNAT | FWD-3 |

  @FWD-2
  Scenario: A rule as the manual wants it gives no warning
    Given a site with addresses, port forwarding and ICP in place
    Then the MBG's page Port Forwarding shows no warning

  @PHN-7 @PRV-3
  Scenario Outline: The MBG tells a phone that is "<status>" from all others
    Given a site ready for teleworkers
    When the teleworker's phone is deployed
    And the phone is <case>
    Then the MBG shows its SIP device as "<status>"

    Examples:
      | case                                 | status                  |
      | in service                           | registered              |
      | without power for 10 minutes         | out of service          |
      | using another password than the MBG  | refused on the set side |
      | disabled on the MBG                  | disabled                |
      | unknown to the PBX after a restart   | refused by the ICP      |
