Feature: Stage 1: MCS learns the MBG's addresses
  With the MBG's internal address MCS tells teleworkers from local phones; with its external ones
  it tells a teleworker's phone where to go.

  @ADR-1
  Scenario: The MBG's internal address is kept
    Given a bare site
    When the installer enters the MBG's internal address
    Then the MiVoice Border Gateway page shows that address

  @ADR-1 @negative @strict
  Scenario: What is no address is refused
    Given a bare site
    When the installer tries to enter "127.0.0" as the MBG's internal address
    Then MCS refuses it and names the field "internal_address"

  @ADR-2 @smoke
  Scenario: A phone that comes through the MBG is a teleworker
    Given a site ready for teleworkers
    When the teleworker connects the phone at home
    Then the Phones page shows the phone as "teleworker"

  @ADR-2 @smoke
  Scenario: A phone in the office is local
    Given a site ready for teleworkers
    When a colleague connects a phone in the office
    Then the Phones page shows the colleague's phone as "local"

  @ADR-2 @negative
  Scenario: With a wrong internal address a teleworker is taken for a local phone
    Given a site ready for teleworkers
    And the installer has entered another internal address than the MBG's
    When the teleworker connects the phone at home
    Then the Phones page shows the phone as "local"

  @ADR-2 @strict
  Scenario: A changed internal address counts from the next request on
    Given a site ready for teleworkers
    And the teleworker has connected the phone at home
    When the installer enters another internal address than the MBG's
    And 2 minutes pass
    Then the Phones page shows the phone as "local"

  @ADR-3
  Scenario: The same address is where MCS calls the MBG
    Given a site with addresses, port forwarding and ICP in place
    When the installer completes the token exchange
    Then the MBG was called at its internal address

  @ADR-3 @negative
  Scenario: At another address nobody answers MCS
    Given a site with addresses, port forwarding and ICP in place
    And the installer has entered another internal address than the MBG's
    When the installer presses "Save & Test API Credentials"
    Then MCS says that the MBG can not be reached

  @ADR-3 @negative
  Scenario: Once the address was changed, MCS calls the old one no more
    Given a site ready for teleworkers
    When the installer enters another internal address than the MBG's
    And the installer checks "Use remote authorization credentials" for the teleworker
    Then provisioning of the teleworker waits, and MCS says "cannot be reached"
    And the MBG has no SIP device

  @ADR-4 @ADR-5 @smoke
  Scenario: A teleworker registers at the node's NAT address and port
    Given a site ready for teleworkers
    When the teleworker's phone is deployed
    Then the phone registers at the MBG's external address and SIP port

  @ADR-4
  Scenario: The NAT SIP Port follows where the MBG's external SIP port was changed
    Given the MBG takes SIP at port 5070
    And a site ready for teleworkers
    When the teleworker's phone is deployed
    Then the phone registers at the MBG's external address and SIP port
    And the node's page shows the MBG's external address and SIP port

  @ADR-4 @ADR-6 @negative
  Scenario: The remote address decides about URIs alone
    Given a site ready for teleworkers
    And the installer has entered another remote address
    When the teleworker's phone is deployed
    Then the phone is told to register at the MBG's external address, not at the remote address

  @ADR-4 @ADR-6 @negative
  Scenario: The NAT IP Address decides about the registration alone
    Given a site ready for teleworkers
    And the installer has entered another NAT IP Address
    When the teleworker's phone is deployed
    Then the phone is told to register at the NAT address, not at the remote address

  @ADR-4 @ADR-5 @negative
  Scenario: A NAT SIP Port that does not follow the MBG's leaves the phone without service
    Given a site ready for teleworkers
    And the installer has entered 5099 as NAT SIP Port
    When the teleworker's phone is deployed
    Then nobody answers the phone's registration

  @ADR-5
  Scenario: A local phone registers at the node itself
    Given a site ready for teleworkers
    When a colleague's phone is deployed in the office
    Then the colleague's phone registers at the PBX itself

  @ADR-6
  Scenario: Every URI that a teleworker's phone is given is built on the remote address
    Given a site ready for teleworkers
    When the teleworker's phone is deployed
    Then every URI in the phone's configuration begins at the MBG's external address

  @ADR-6
  Scenario: A local phone's URIs are built on MCS's own address
    Given a site ready for teleworkers
    When a colleague's phone is deployed in the office
    Then every URI in the colleague's phone begins at MCS's own address
