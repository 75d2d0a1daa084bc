"""The small pure modules: lines, keys, identity, models, servers, XML objects, invented people."""

import pytest

from simulators.core import TCP, TLS, UDP
from simulators.entropy import Seed
from simulators.errors import ConfigurationError
from simulators.phone.files.keys import keys, top_pages
from simulators.phone.files.lines import lines
from simulators.phone.files.server import Server, configured, offered, validates
from simulators.phone.identity import Identity
from simulators.phone.life.line_states import LineState, together
from simulators.phone.life.states import Event, RegistrationState
from simulators.phone.models import MODELS, model
from simulators.phone.people import invent

CONTACT = ("127.30.0.2", 5060)
LINE1 = {
    "sip line1 user name": "tw7k",
    "sip line1 auth name": "auth7k",
    "sip line1 password": "hush-hush",
    "sip line1 screen name": "2101",
    "sip line1 registrar ip": "127.20.0.10",
    "sip line1 registrar port": "5070",
}


# Lines


def test_a_line_becomes_an_account() -> None:
    found = lines(LINE1 | {"sip registration period": "300"}, CONTACT, "Mitel 6930/1")
    (line,) = found.lines
    account = line.account
    assert (line.number, line.screen_name) == (1, "2101")
    assert account.registrar == ("127.20.0.10", 5070) and account.domain == "127.20.0.10"
    assert (account.username, account.auth_username) == ("tw7k", "auth7k")
    assert (account.password, account.expires_s, account.contact) == ("hush-hush", 300, CONTACT)
    assert "hush-hush" not in repr(found)


def test_retry_timers_have_their_defaults_and_limits() -> None:
    def account(**more: str) -> tuple[float, float, float]:
        names = {f"sip registration {n.replace('_', ' ')} timer": v for n, v in more.items()}
        a = lines(LINE1 | names, CONTACT).lines[0].account
        return a.refused_retry_s, a.timeout_retry_s, a.renewal_threshold_s

    assert account() == (1800, 120, 15)
    assert account(retry="60", timeout_retry="90", renewal="20") == (60, 90, 20)
    assert account(retry="1", timeout_retry="1", renewal="0") == (30, 30, 0)
    assert account(retry="99999") == (1800, 120, 15)


def test_a_value_that_is_no_number_is_reported_and_the_default_counts() -> None:
    found = lines(LINE1 | {"sip line1 registrar port": "many"}, CONTACT)
    assert found.lines[0].account.registrar[1] == 5060
    assert found.problems == ("sip registrar port: expected a number, the default 0 counts",)


@pytest.mark.parametrize("missing", ["sip line1 user name", "sip line1 registrar ip"])
def test_without_name_or_registrar_there_is_no_line(missing: str) -> None:
    assert lines({k: v for k, v in LINE1.items() if k != missing}, CONTACT).lines == ()
    assert (
        lines(LINE1 | {missing: "0.0.0.0" if missing.endswith(" ip") else ""}, CONTACT).lines == ()
    )


def test_a_registrar_that_is_no_address_is_reported() -> None:
    found = lines(LINE1 | {"sip line1 registrar ip": "pbx.example"}, CONTACT)
    assert found.lines == () and "IPv4" in found.problems[0]


def test_global_values_fill_in_and_the_line_s_own_count_first() -> None:
    common = {"sip registrar ip": "127.20.0.9", "sip user name": "all", "sip password": "p"}
    assert lines(common, CONTACT).lines[0].account.username == "all"
    found = lines(common | {"sip line1 user name": "a", "sip line2 user name": "b"}, CONTACT).lines
    assert [(line.number, line.account.username) for line in found] == [(1, "a"), (2, "b")]
    assert {line.account.registrar for line in found} == {("127.20.0.9", 5060)}


@pytest.mark.parametrize(
    ("value", "transports"),
    [("", (UDP,)), ("0", (UDP, TCP)), ("1", (UDP,)), ("2", (TCP,)), ("4", (TLS,))],
)
def test_the_transport_setting_decides_for_registrations_and_calls(
    value: str, transports: tuple[str, ...]
) -> None:
    found = lines(LINE1 | {"sip transport protocol": value}, CONTACT)
    assert found.transports == transports and not found.problems
    assert found.lines[0].account.transport == transports[0]


def test_a_transport_that_no_phone_has_is_reported_and_udp_counts() -> None:
    found = lines(LINE1 | {"sip transport protocol": "3"}, CONTACT)
    assert found.transports == (UDP,)
    assert found.problems == (
        "sip transport protocol: expected 0, 1, 2 or 4, the default UDP counts",
    )


def test_without_a_port_the_transport_has_its_own() -> None:
    bare = {k: v for k, v in LINE1.items() if not k.endswith("registrar port")}
    for value, port in (("1", 5060), ("2", 5060), ("4", 5061)):
        line = lines(bare | {"sip transport protocol": value}, CONTACT).lines[0]
        assert line.account.registrar[1] == line.proxy[1] == port


def test_calls_go_to_the_proxy_or_where_there_is_none_to_the_registrar() -> None:
    line = lines(LINE1, CONTACT).lines[0]
    assert line.proxy == line.account.registrar
    proxy = {"sip line1 proxy ip": "127.20.0.99", "sip proxy port": "5090"}
    assert lines(LINE1 | proxy, CONTACT).lines[0].proxy == ("127.20.0.99", 5090)
    wrong = lines(LINE1 | {"sip proxy ip": "pbx.example"}, CONTACT)
    assert wrong.lines[0].proxy == wrong.lines[0].account.registrar
    assert "IPv4" in wrong.problems[0]


def test_the_whitelist_is_off_unless_set() -> None:
    assert not lines(LINE1, CONTACT).whitelist
    assert lines(LINE1 | {"sip whitelist": "1"}, CONTACT).whitelist


# Keys

TOP = {
    "topsoftkey1 type": "line",
    "topsoftkey1 label": "Line 1",
    "topsoftkey1 line": "1",
    "topsoftkey2 type": "line",
    "topsoftkey2 label": "Line 2",
    "topsoftkey2 line": "2",
}
SETUP = {"softkey1 type": "xml", "softkey1 label": "Setup", "softkey1 value": "http://mcs/setup"}


def test_line_keys_and_setup_only_where_configured() -> None:
    teleworker = keys(TOP, model("6930"))
    assert [(key.kind, key.label, key.line) for key in teleworker] == [
        ("topsoftkey", "Line 1", 1),
        ("topsoftkey", "Line 2", 2),
    ]
    assert "Setup" in [key.label for key in keys(TOP | SETUP, model("6930"))]
    assert keys({}, model("6930")) == ()


def test_keys_beyond_the_model_or_of_no_type_are_not_shown() -> None:
    many = {f"topsoftkey{n} type": "speeddial" for n in range(1, 40)}
    assert len(keys(many, model("6920"))) == MODELS["6920"].top_softkeys
    assert keys({"softkey1 type": "none", "softkey2 label": "x"}, model("6930")) == ()


def test_more_keys_than_fit_are_paged_with_a_key_or_by_touch() -> None:
    def labels(name: str) -> tuple[tuple[str, ...], ...]:
        many = {f"topsoftkey{n} type": "speeddial" for n in range(1, 15)}
        many |= {f"topsoftkey{n} label": str(n) for n in range(1, 15)}
        return top_pages(keys(many, model(name)), model(name))

    assert [page[-1] for page in labels("6930")] == ["More", "More"]
    assert "More" not in [label for page in labels("6940") for label in page]
    assert top_pages(keys(TOP, model("6930")), model("6930")) == (("Line 1", "Line 2"),)


# Identity, models


def test_an_identity_in_all_its_forms() -> None:
    identity = Identity("14:00:e9-123456")
    assert identity.mac == "1400E9123456" and identity.dashed == "14-00-E9-12-34-56"
    assert identity.configuration_file == "1400E9123456.cfg"
    assert identity.user_agent(model("6930"), "5.1.0.6044") == (
        "Mitel6930 MAC:14-00-E9-12-34-56 V:5.1.0.6044-SIP"
    )
    assert Identity.random(lambda n: b"\xab" * n).mac == "1400E9ABABAB"


@pytest.mark.parametrize("text", ["", "1400E912345", "1400E91234567", "1400E912345G"])
def test_what_is_no_mac_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        Identity(text)


def test_models() -> None:
    assert [m.name for m in MODELS.values() if m.touch] == ["6940", "6970"]
    assert model("6930").firmware_file == "6930.st"
    assert model("6930").configuration_file == "6930.cfg"
    with pytest.raises(ConfigurationError):
        model("6999")


# Configuration server


def test_the_configured_server() -> None:
    stored = {"download protocol": "HTTPS", "https server": "mcs", "https port": "8202"}
    assert configured(stored) == Server("https", "mcs", 8202)
    server = configured(stored | {"https path": "/a b/"})
    assert server is not None and server.url("x.cfg") == "https://mcs:8202/a%20b/x.cfg"
    assert configured(stored | {"https port": "none"}) == Server("https", "mcs", 443)
    assert configured(stored | {"download protocol": "TFTP"}) is None
    assert configured(stored | {"https server": ""}) is None


def test_the_offered_server_and_validation() -> None:
    assert offered("http://127.10.0.5:8203/x/") == Server("http", "127.10.0.5", 8203, "x")
    assert offered("tftp://127.10.0.5") == Server("tftp", "127.10.0.5", 69)
    assert offered("ftp://127.10.0.5") is None and offered("http://a:b") is None
    assert validates({}) and not validates({"https validate certificates": "0"})


# How lines stand together


def a_line(state: RegistrationState | None = None, code: int = 0) -> LineState:
    return LineState(lines(LINE1 | {"sip line1 user name": "t&w"}, CONTACT).lines[0], state, code)


def test_one_registered_line_is_enough() -> None:
    registered = a_line(RegistrationState.REGISTERED)
    refused = a_line(RegistrationState.REFUSED)
    assert together([refused, registered]) is Event.REGISTERED
    assert together([refused, a_line()]) is Event.REFUSED
    assert together([a_line()]) is Event.UNDECIDED


# People


def test_the_same_seed_invents_the_same_people() -> None:
    people = invent(Seed(5), 30)
    assert people == invent(Seed(5), 30) and people[:10] == invent(Seed(5), 10)
    assert people != invent(Seed(6), 30)
    assert len({person.mac for person in people}) == 30
    assert [person.extension for person in people[:2]] == ["2101", "2102"]
    assert {person.model for person in people} == set(MODELS)
    assert all(Identity(person.mac).mac == person.mac for person in people)


def test_impossible_people_are_refused() -> None:
    with pytest.raises(ConfigurationError):
        invent(Seed(5), 1, models=("6999",))
    with pytest.raises(ConfigurationError):
        invent(Seed(5), -1)
