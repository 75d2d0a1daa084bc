Feature: A year in the life of a site
  Certificates, firmware, people and tokens come and go. Who is there works, who has left does not.

  @PHN-6 @FWD-1 @ADR-3 @PHN-3 @PHN-7 @PRV-1 @EXT-3 @TOK-7 @TOK-8 @slow
  Scenario: Fourteen months
    Given a site with the teleworker and the colleague in service
    When in month 3 the MBG gets a new certificate
    And in month 5 new firmware is brought to every phone
    And in month 7 the colleague leaves and a new person joins
    And in month 11 MCS warns of the token's end and the installer presses "Renew"
    And month 14 has come
    Then the teleworker and the new person are in service, and the colleague is not

  @ADR-3 @PRV-1 @negative
  Scenario: An MBG that shows another certificate than before is not called until somebody has looked
    Given a site ready for teleworkers
    And MCS is told to go by the certificate that the MBG has now
    When the MBG gets a new certificate
    And the installer checks "Use remote authorization credentials" for the teleworker
    And provisioning of the teleworker waits, and MCS says "certificate"
    And the installer compares the new certificate and confirms it
    Then the extension is provisioned on the MBG

  @EXT-3 @PHN-6 @PRV-3
  Scenario: Somebody leaves, and the licence serves who joins
    Given the MBG has 1 teleworker licence
    And a site ready for teleworkers
    And the teleworker's phone is deployed and registered
    When the teleworker leaves: box unchecked, phone and extension taken away
    And the colleague's phone is deployed at home
    Then the colleague's extension is registered at the PBX
    And the PBX and MCS know nothing of the teleworker
