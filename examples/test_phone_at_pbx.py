"""A phone in the office registers at the PBX, calls another one, and is refused when mistyped."""

from dataclasses import replace

from teleworker_bench.mbg import MbgHandle
from teleworker_bench.pbx import PbxHandle
from teleworker_bench.phone import PhoneHandle, Phones


def test_a_phone_registers(pbx: PbxHandle, phone: PhoneHandle) -> None:
    phone.registers(pbx.account(pbx.add_extension("2101", "Ada")))
    assert pbx.is_registered("2101")
    assert "2101" in phone.screen


def test_two_phones_talk(pbx: PbxHandle, phones: Phones) -> None:
    ada, ben = phones.in_office(), phones.in_office()
    ada.registers(pbx.account(pbx.add_extension("2101", "Ada")))
    ben.registers(pbx.account(pbx.add_extension("2102", "Ben")), sip_transport_protocol="2")
    ada.dial("2102")
    ben.answer()
    ada.wait_connected()


def test_a_mistyped_password_is_refused(pbx: PbxHandle, phone: PhoneHandle) -> None:
    account = replace(pbx.account(pbx.add_extension("2101")), password="mistyped")
    assert phone.is_refused(account).status == 401
    assert not pbx.is_registered("2101")


def test_a_phone_at_home_registers_through_the_mbg(
    mbg: MbgHandle, pbx: PbxHandle, phones: Phones
) -> None:
    extension = pbx.add_extension("2101")
    device = mbg.add_device(
        icp_id=mbg.icps[0].id,
        set_username="ada.home",
        set_password="a-Set-side-1",
        icp_username=extension.auth_name,
        icp_password=extension.auth_password,
    )
    phones.at_home().registers(mbg.account(device))
    assert pbx.is_registered("2101")
