@browser
Feature: Stages 1 to 6 by hand
  The installer has the MCS's site in one browser window and the MBG's in another, the teleworker has the phone's
  keys on a page. What they do they do by clicking and typing, nothing through an API.

  @ADR-1 @ADR-4 @ADR-6 @FWD-1 @ICP-1 @API-1 @TOK-1 @TOK-2 @TOK-3 @TOK-4 @TOK-5
  @PRV-1 @EXT-1 @EXT-5 @PHN-2 @PHN-3 @PHN-4 @PHN-5 @PHN-7 @slow
  Scenario: From two empty sites to a call, by clicking alone
    Given two browser windows side by side, at the MCS's site and at the MBG's
    When the installer clicks through stages 1 to 3, each in its site's window
    And the installer clicks through stage 4 between the two windows
    And the installer clicks through stage 5 for the teleworker and the colleague
    And both press the keys of stage 6 on their phones
    Then a call that the colleague dials finds the teleworker
    And no page of any site or phone holds a secret

  @TOK-4 @TOK-5 @TOK-6 @negative
  Scenario Outline: <mistake>, as a person meets it
    Given a site ready for teleworkers
    And two browser windows side by side, at the MCS's site and at the MBG's
    When the installer makes the mistake on the pages: <mistake>
    Then the MCS's page says "<words>"
    And what was typed stands there still, but for secrets: <field>
    And provisioning still works

    Examples:
      | mistake                    | words                             | field       |
      | wrong Shared Secret        | the Shared Secret is wrong        | Consumer ID |
      | temporary token not approved | The temporary token is not approved | Verifier  |
      | wrong verifier             | The verifier is wrong             | Verifier    |
      | web services stopped       | Start                             | Consumer ID |

  @ICP-2 @negative
  Scenario: An ICP with another address, as a person meets it and puts it right
    Given a site ready for teleworkers, but with another ICP address
    And two browser windows side by side, at the MCS's site and at the MBG's
    When the installer checks "Use remote authorization credentials" on the extension's page
    Then the extension's page names the node, its address and the ICPs that the MBG has
    And the MBG's page lists no SIP device
    And the extension is provisioned once the ICP is put right and Retry is pressed

  @PHN-2 @negative
  Scenario: A wrong administrator password, as a person meets it
    Given a site ready for teleworkers
    When the teleworker presses the password "11111" on the phone
    Then the phone's screen says "Wrong password"
    And MCS does not know the phone

  @ADR-4 @FWD-1 @negative @strict
  Scenario: A form with a mistake keeps what was typed
    Given a site ready for teleworkers
    And two browser windows side by side, at the MCS's site and at the MBG's
    When the installer types a port that is none into a form of each site
    Then each page says what is wrong, and all that was typed stands there still
    And the node and the forwarding rules are as they were

  @ADR-6 @FWD-1 @strict
  Scenario: A session that has ended leads back after log-in
    Given a site ready for teleworkers
    And two browser windows side by side, at the MCS's site and at the MBG's
    And the installer reads Client Locations at the MCS
    When 2 days pass
    And the installer follows a link in each window
    Then each window asks for a log-in, and leads on to the page that was wanted

  @PHN-6 @ICP-1 @strict
  Scenario: A button that is pressed twice does once what it says
    Given a site ready for teleworkers
    And two browser windows side by side, at the MCS's site and at the MBG's
    When the installer double-clicks Add for a phone and Save for an ICP
    Then there is one such phone in MCS and one such ICP on the MBG
