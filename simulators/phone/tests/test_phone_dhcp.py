"""What DHCP tells a phone, which option counts, and the models as data."""

import pytest

from simulators.phone.local.dhcp import OVERRIDE, OVERRIDES, Offer, server_url, vendor_class
from simulators.phone.models import MODELS, model

ALL = Offer({43: "http://a", 160: "http://b", 159: "http://c", 66: "d"})


@pytest.mark.parametrize(
    "override, url",
    [
        ("0", "http://a"),
        ("", "http://a"),
        ("nonsense", "http://a"),
        ("43", "http://a"),
        ("160", "http://b"),
        ("159", "http://c"),
        ("66", "tftp://d"),
        (" 66 ", "tftp://d"),
        ("-1", ""),
    ],
)
def test_one_option_counts(override: str, url: str) -> None:
    assert server_url(ALL, {OVERRIDE: override}) == url


def test_the_order_of_options() -> None:
    left = dict(ALL.options)
    for option, url in ((43, "http://a"), (160, "http://b"), (159, "http://c"), (66, "tftp://d")):
        assert server_url(Offer(left), {}) == url
        del left[option]
    assert server_url(Offer(left), {}) == ""
    assert server_url(Offer({66: "x"}), {OVERRIDE: "43"}) == ""  # the one that counts isn't there
    assert set(OVERRIDES) == {"-1", "0", "43", "66", "159", "160"}


@pytest.mark.parametrize(
    "value, url",
    [
        (b"\x02\x0bhttp://mcs/", "http://mcs/"),
        (b"\x01\x02ab\x02\x05mcs.x\x03\x01\0\xff", "tftp://mcs.x"),
        (b"http://mcs/", "http://mcs/"),
        (b"127.10.0.5\0", "tftp://127.10.0.5"),
        (b"\x01\x02ab", ""),
        (b"\x02\x50short", ""),
        (b"", ""),
        (b"\xff", ""),
    ],
)
def test_option_43_is_text_or_holds_others(value: bytes, url: str) -> None:
    assert server_url(Offer({43: value}), {}) == url


def test_option_60_names_the_model() -> None:
    assert vendor_class(model("6940")) == "MitelIPPhone6940"


def test_every_model_is_whole() -> None:
    for name, one in MODELS.items():
        assert one.firmware_file == f"{name}.st" and one.boot_loader_file == f"{name}.boot.st"
        assert 0 < one.top_page <= one.top_softkeys and one.width > one.height
        assert bool(one.modules) is bool(one.module_keys)
        assert one.touch is (name in ("6940", "6970"))
