"""An estate of several PBX nodes, behind one CT Gateway."""

from pathlib import Path

import pytest

from simulators.errors import ConfigurationError
from simulators.estate.config import AddressesTable, EstateConfig, PbxTable, load
from simulators.estate.estate import Estate

BRANCH = PbxTable(name="Branch", release="6.2", licences=5, udp_listening=False)


async def test_each_node_is_as_its_table_says() -> None:
    config = EstateConfig(addresses=AddressesTable(block="private"), more_pbx_nodes=(BRANCH,))
    async with Estate(config, None) as estate:
        first, second = estate.nodes
        assert estate.node is first
        assert [node.address[0] for node in estate.nodes] == [
            estate.claim.plan.node(1),
            estate.claim.plan.node(2),
        ]
        assert (second.name, str(second.release), second.number) == ("Branch", "6.2", 2)
        assert (second.licences.total, second.udp_listening) == (5, False)
        assert (first.licences.total, first.udp_listening) == (None, True)
        assert estate.ct_gateway.nodes == [first, second]
        roles = {row["role"]: row["where"] for row in estate.roles()}
        assert roles["PBX"].endswith(f"; node 2 at {second.address[0]}, release 6.2")
    assert not second.is_running


async def test_passwords_of_the_first_node_do_not_depend_on_further_ones() -> None:
    passwords = []
    for more in ((), (BRANCH,)):
        config = EstateConfig(addresses=AddressesTable(block="private"), more_pbx_nodes=more)
        async with Estate(config, None) as estate:
            passwords.append(estate.node.add_extension("2101", "Ada").auth_password)
    assert passwords[0] == passwords[1]


def test_an_estate_file_with_several_nodes(tmp_path: Path) -> None:
    file = tmp_path / "estate.toml"
    file.write_text("[pbx]\nlicences = 3\n[[more_pbx_nodes]]\nname = 'Branch'\nrelease = '6.2'\n")
    first, second = load(file).pbx_nodes
    assert (first.name, first.licences, second.name, second.release) == (
        "Head Office",
        3,
        "Branch",
        "6.2",
    )


def test_nodes_need_names_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "estate.toml"
    file.write_text("[[more_pbx_nodes]]\n")
    words = "estate.toml: each PBX node needs a name of its own, got Head Office, Head Office"
    with pytest.raises(ConfigurationError, match=words):
        load(file)


async def test_a_release_that_is_none_stops_the_start() -> None:
    config = EstateConfig(
        addresses=AddressesTable(block="private"),
        more_pbx_nodes=(PbxTable(name="Branch", release="newest"),),
    )
    with pytest.raises(ConfigurationError, match="expected a release"):
        async with Estate(config, None):
            raise AssertionError
