Feature: Stage 3: the PBX as an ICP on the MBG
  MCS finds the ICP of a node by the node's address.

  @ICP-1 @ICP-2 @smoke
  Scenario: The ICP with the node's address is found
    Given a site ready for teleworkers
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then the extension is provisioned on the MBG
    And the SIP device belongs to the node's ICP

  @ICP-1
  Scenario: The ICP may have another name than the node
    Given a site ready for teleworkers
    And the node's ICP is called "Headquarters" on the MBG
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then the extension is provisioned on the MBG
    And the SIP device belongs to the node's ICP

  @ICP-1
  Scenario: Among the ICPs of many sites the node's is found
    Given the MBG has ICPs of 600 other sites
    And a site ready for teleworkers
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then the extension is provisioned on the MBG

  @ICP-2 @negative
  Scenario: An ICP with another address is none for this node
    Given a site ready for teleworkers, but with another ICP address
    When the installer checks "Use remote authorization credentials" for the teleworker
    Then MCS names the node, its address and the ICPs that the MBG has
    And the MBG has no SIP device

  @ICP-2
  Scenario: Provisioning goes on once the ICP is put right
    Given a site ready for teleworkers, but with another ICP address
    And the installer has checked "Use remote authorization credentials" for the teleworker in vain
    When the installer puts the ICP's address right
    And 2 minutes pass
    Then the extension is provisioned on the MBG
