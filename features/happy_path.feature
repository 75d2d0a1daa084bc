Feature: Stages 1 to 6, one after the other
  The whole deployment as the manual tells it, once, for one person.

  @ADR-1 @ADR-4 @ADR-6 @FWD-1 @ICP-1 @TOK-1 @TOK-2 @TOK-3 @TOK-4 @TOK-5
  @PRV-1 @EXT-1 @PHN-2 @PHN-3 @PHN-7 @smoke
  Scenario: From the first address to a registered teleworker
    Given a bare site
    When the installer goes through stage 1: addresses in MCS
    And the installer goes through stages 2 and 3: port forwarding and ICP on the MBG
    And the installer goes through stage 4: consumer, temporary token, verifier, final token
    And the installer goes through stage 5: the teleworker's extension
    And the teleworker goes through stage 6: the phone
    Then the teleworker's extension is registered at the PBX
