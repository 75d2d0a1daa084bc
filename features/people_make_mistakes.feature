Feature: People make mistakes
  What goes wrong at an admin site, on a phone, or between two people: MCS says what it is, and nothing breaks.

  @TOK-2 @TOK-3 @TOK-6 @negative
  Scenario Outline: At the token exchange: <mistake>
    Given a site with addresses, port forwarding and ICP in place
    When the installer makes the mistake: <mistake>
    Then MCS refuses with the code <code> and says "<words>"
    And MCS has no valid token

    Examples:
      | mistake                                | code              | words         |
      | Consumer ID and Shared Secret swapped  | consumer_unknown  | Consumer ID   |
      | verifier of an earlier request         | verifier_invalid  | is wrong      |
      | request rejected on the MBG            | token_rejected    | was rejected  |
      | consumer deleted meanwhile             | consumer_unknown  | Consumer ID   |
      | shared secret made anew meanwhile      | signature_invalid | Shared Secret |

  @TOK-3 @TOK-5
  Scenario Outline: A Shared Secret that was pasted with <blank> is taken as it was meant
    Given a site with addresses, port forwarding and ICP in place
    When the installer pastes the Shared Secret with <blank>
    And the installer approves the temporary token
    And the installer presses "Retrieve Final Access Token" with the verifier
    Then MCS has a valid token for 12 months

    Examples:
      | blank          |
      | a blank behind |
      | a blank before |
      | a new line     |

  @TOK-6 @negative
  Scenario: With the MBG's clock wrong by an hour MCS names the clocks
    Given a site with addresses, port forwarding and ICP in place
    And the MBG's clock is an hour ahead
    When the installer presses "Save & Test API Credentials"
    Then MCS refuses with the code timestamp_refused and says "clocks"
    And MCS has no valid token

  @PRV-1 @TOK-6
  Scenario: A clock that goes wrong later stops provisioning until it is put right
    Given a site ready for teleworkers
    And the MBG's clock is an hour ahead
    When the installer checks "Use remote authorization credentials" for the teleworker
    And provisioning of the teleworker waits, and MCS says "clocks"
    And the MBG's clock is put right
    And 10 minutes pass
    Then the extension is provisioned on the MBG

  @TOK-6
  Scenario: A consumer that was deleted by mistake: MCS says so, and a new exchange restores everything
    Given a site ready for teleworkers
    When the installer deletes the consumer on the MBG
    And the installer checks "Use remote authorization credentials" for the colleague
    And provisioning of the colleague waits, and MCS says "Consumer ID"
    And the installer adds the consumer again and completes the token exchange
    Then the colleague's extension is provisioned on the MBG

  @ADR-1 @ADR-4 @negative
  Scenario: The MBG's two addresses swapped leave a phone at home without service
    Given a site ready for teleworkers
    And the installer has swapped the MBG's internal and external address
    When the teleworker connects the phone at home
    Then the Phones page shows the phone as "local"
    And the phone is not registered

  @ADR-4
  Scenario: Two administrators at one page: who saves an old one is told so
    Given a site ready for teleworkers
    And another administrator has the node's page open
    When the installer enters 5070 as NAT SIP Port
    And the other administrator saves the page with 5080 as NAT SIP Port
    Then the other administrator is told that somebody else has changed it
    And the node's page shows 5070 as NAT SIP Port

  @EXT-1
  Scenario: Two administrators at one extension: no password gets lost unseen
    Given a site ready for teleworkers
    And another administrator has the extension's page open
    When the installer checks "Use remote authorization credentials" for the teleworker
    And the other administrator saves the page with a password of their own
    Then the other administrator is told that somebody else has changed it
    And the extension is provisioned on the MBG

  @PHN-4 @PHN-6 @PHN-7
  Scenario: A phone that is given to another person registers as theirs
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When the installer gives the teleworker's phone to the colleague
    And 3 minutes pass
    Then the phone is registered with the colleague's extension
    And nobody is registered with the teleworker's extension

  @PHN-4 @PHN-6 @negative
  Scenario: A MAC address with a wrong digit leaves the phone without its extension until it is put right
    Given a site ready for teleworkers
    And the installer has assigned the teleworker's extension to a MAC address with a wrong digit
    When the teleworker connects the phone at home
    Then the Phones page shows the phone without an extension
    And the phone registers once the installer has put the MAC address right

  @PHN-4 @negative
  Scenario Outline: "<mac>" is no MAC address
    Given a site ready for teleworkers
    When the installer tries to assign the teleworker's extension to the MAC address "<mac>"
    Then MCS refuses it and names the field "mac"

    Examples:
      | mac               |
      | 1400E9            |
      | 1400E91234567     |
      | 14:00:E9:12:34:5G |

  @API-1 @PHN-4 @negative
  Scenario: A second phone with the same MAC address gets no credentials
    Given a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When somebody connects a phone with the same MAC address at another home
    Then that phone gets no account
    And the teleworker's phone still works

  @ICP-1 @PRV-1 @PHN-7
  Scenario: An extension that is moved to another node is served by that node's ICP
    Given the PBX has a second node
    And a site ready for teleworkers, with both nodes as ICPs
    And the teleworker's phone is deployed and registered
    When the teleworker's extension is moved to the second node
    And 10 minutes pass
    Then the SIP device belongs to the second node's ICP, and there is no other
    And the teleworker's extension is registered at the second node
