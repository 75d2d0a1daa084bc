"""Consumers: added, edited, deactivated, deleted, and their secrets (TOK-2, TOK-9)."""

import pytest

from simulators.errors import ConfigurationError
from simulators.mbg.tests.dance import NOW, Client, refusal_of, with_final_token


def test_a_consumer_id_is_given_once() -> None:
    services, _, _ = with_final_token()
    with pytest.raises(ConfigurationError, match="MiVOAppSuite is in use"):
        services.add_consumer("Another name", "MiVOAppSuite")
    with pytest.raises(ConfigurationError, match="needs a ConsumerID"):
        services.add_consumer("Another name", "")
    services.add_consumer("Another name", "Other")


@pytest.mark.parametrize("permissions", [{"MBG/v2": "read"}, {"MBG/v1/icps": "write"}])
def test_unknown_permissions_are_refused(permissions: dict[str, str]) -> None:
    services, consumer, _ = with_final_token()
    before = dict(consumer.permissions)
    with pytest.raises(ConfigurationError, match="expected a permission"):
        services.add_consumer("Another", "Other", permissions)
    with pytest.raises(ConfigurationError, match="expected a permission"):
        services.edit_consumer("MiVOAppSuite", permissions=permissions)
    assert consumer.permissions == before
    assert list(services.consumers) == ["MiVOAppSuite"]


def test_what_may_be_read_of_a_consumer_holds_no_secret() -> None:
    _, consumer, _ = with_final_token()
    assert consumer.shared_secret not in repr(consumer)
    assert consumer.shared_secret not in repr(consumer.document())
    assert consumer.document() == {
        "name": "MiVoice Office Application Suite",
        "consumer_id": "MiVOAppSuite",
        "active": True,
        "permissions": {
            "Base/managetoken": "read/write",
            "MBG/v1/icps": "read",
            "MBG/v1/devices": "read/write",
        },
    }


def test_editing_changes_what_is_named_and_holds_at_once() -> None:
    services, consumer, client = with_final_token()
    services.edit_consumer("MiVOAppSuite", name="Renamed")
    assert consumer.may("MBG/v1/icps", "read")
    services.authorize(client.sign("/x", NOW), NOW, "MBG/v1/icps")
    services.edit_consumer("MiVOAppSuite", permissions={"MBG/v1/icps": "none"})
    assert consumer.name == "Renamed"
    assert consumer.permissions == {
        "Base/managetoken": "read/write",
        "MBG/v1/icps": "none",
        "MBG/v1/devices": "read/write",
    }, "what is left out stays"
    assert refusal_of(services.authorize, client.sign("/x", NOW), NOW, "MBG/v1/icps") == (
        "permission_denied"
    )
    services.authorize(client.sign("/x", NOW), NOW, "MBG/v1/devices")


def test_deactivating_makes_tokens_unusable_and_activating_restores_them() -> None:
    services, _, client = with_final_token()
    services.deactivate("MiVOAppSuite")
    assert refusal_of(services.authorize, client.sign("/ping", NOW), NOW) == "consumer_inactive"
    services.activate("MiVOAppSuite")
    services.authorize(client.sign("/ping", NOW), NOW)


def test_stopping_makes_tokens_unusable_and_starting_restores_them() -> None:
    services, _, client = with_final_token()
    services.stop()
    assert refusal_of(services.authorize, client.sign("/ping", NOW), NOW) == "web_services_stopped"
    services.start()
    services.authorize(client.sign("/ping", NOW), NOW)


def test_the_tokens_of_a_deleted_consumer_die_with_it() -> None:
    services, _, client = with_final_token()
    other = services.add_consumer("Another", "Other")
    waiting = Client("Other", other.shared_secret)
    services.initiate(waiting.sign("/initiate", NOW), NOW)
    services.delete_consumer("MiVOAppSuite")
    assert refusal_of(services.authorize, client.sign("/ping", NOW), NOW) == "consumer_unknown"
    again = services.add_consumer("The same id", "MiVOAppSuite")
    client.secret = again.shared_secret
    assert refusal_of(services.authorize, client.sign("/ping", NOW), NOW) == "token_unknown"
    assert [token.consumer_id for token in services.pending(NOW)] == ["Other"]


def test_a_regenerated_secret_takes_the_place_of_the_one_before() -> None:
    services, consumer, client = with_final_token()
    before = consumer.shared_secret
    client.secret = services.regenerate_secret("MiVOAppSuite")
    assert client.secret != before
    services.authorize(client.sign("/ping", NOW), NOW)
    client.secret = before
    assert refusal_of(services.authorize, client.sign("/ping", NOW), NOW) == "signature_invalid"


def test_acts_on_an_unknown_consumer_are_refused() -> None:
    services, _, _ = with_final_token()
    for act in (
        services.activate,
        services.deactivate,
        services.delete_consumer,
        services.regenerate_secret,
        services.edit_consumer,
    ):
        assert refusal_of(act, "Nobody") == "not_found"
