"""A teleworker in a whole estate: our MCS, the MBG, the PBX, a phone at home."""

from teleworker_bench.site import EstateHandle


def test_a_teleworker_stays_reachable_for_a_week(estate: EstateHandle) -> None:
    phone = estate.deploys()
    estate.wait(days=7)
    assert phone.registered
    assert estate.pbx.is_registered(phone.person.extension)


def test_a_phone_comes_back_after_a_power_failure(estate: EstateHandle) -> None:
    phone = estate.deploys()
    phone.power_off()
    estate.wait(minutes=30)
    phone.power_on()
    phone.wait_registered()
