"""XML objects: what is written comes back, any octets are survived, and refusals say why."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.phone.xml import objects as xml
from simulators.phone.xml.objects import Nothing, Unusable
from simulators.phone.xml.reading import MAX_OBJECT, MOST_ITEMS, read_object
from simulators.phone.xml.writing import write_object

texts = st.text(string.ascii_letters + string.digits + " <>&\"'äß€:/?=#$.", max_size=12).map(
    str.strip
)
named = texts.filter(bool)
uris = st.builds("http://h/{}".format, st.text(string.ascii_letters + "?&=$", max_size=9))
small = st.integers(0, 9999)
softkeys = st.lists(st.builds(xml.SoftKey, st.integers(1, 20), texts, texts), max_size=4).map(
    lambda keys: tuple(sorted(keys, key=lambda key: key.index))
)
heads = st.builds(
    xml.Head,
    *(texts, st.booleans(), st.booleans(), texts, texts, st.booleans(), st.none() | small),
    *(st.booleans(), texts, st.booleans(), st.booleans(), softkeys),
)
menu_items = st.lists(
    st.builds(xml.MenuItem, texts, uris | st.just(""), texts, st.integers(0, 9), texts),
    min_size=1,
    max_size=4,
).map(tuple)
fields = st.lists(
    st.builds(
        xml.InputField,
        *(texts, texts, texts, st.sampled_from(xml.INPUT_TYPES), st.booleans(), st.booleans()),
        texts,
    ),
    min_size=1,
    max_size=4,
).map(tuple)
images = st.builds(xml.Image, texts, small, small)


def many(found: st.SearchStrategy[object], least: int = 0) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(found, min_size=least, max_size=4).map(tuple)


lines = st.builds(
    xml.FormattedLine, texts, st.sampled_from(("normal", "double")),
    st.sampled_from(("left", "center", "right")), st.booleans(),
)  # fmt: skip
messages = st.builds(
    xml.StatusMessage, small, texts, st.sampled_from(("", "alert", "icon")), small, texts
)
parameters = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=9)
configuration_items = st.builds(
    xml.ConfigurationItem, parameters, texts, st.sampled_from(xml.SET_TYPES)
)
execute_items = st.builds(
    xml.ExecuteItem, texts.map(lambda text: " ".join(text.split())), st.booleans()
)
objects = st.one_of(
    st.builds(
        xml.TextMenu, heads, menu_items, st.just(1), st.sampled_from(xml.MENU_STYLES),
        st.booleans(),
    ),
    st.builds(xml.TextScreen, heads, texts),
    st.builds(xml.FormattedTextScreen, heads, many(lines)),
    st.builds(xml.InputScreen, heads, uris, fields, st.just(1), st.just("condensed")),
    st.builds(xml.Directory, heads, menu_items, texts, texts),
    st.builds(xml.ImageScreen, heads, images),
    st.builds(xml.ImageMenu, heads, images, many(st.tuples(texts, texts))),
    st.builds(xml.CallLog, heads, many(st.builds(xml.LogEntry, texts, texts, texts, texts, texts))),
    st.builds(xml.Status, many(messages, 1), named, st.booleans(), st.booleans()),
    st.builds(xml.Execute, many(execute_items, 1), st.booleans(), st.booleans()),
    st.builds(xml.Configuration, many(configuration_items, 1), st.booleans(), st.booleans()),
)  # fmt: skip


@given(objects)
def test_what_is_written_comes_back(what: xml.XmlObject) -> None:
    assert read_object(write_object(what)) == what


@given(st.binary(max_size=300))
def test_any_octets_are_survived(data: bytes) -> None:
    read_object(data)


@given(objects, st.data())
@settings(max_examples=200)
def test_a_damaged_object_is_survived(what: xml.XmlObject, data: st.DataObject) -> None:
    octets = bytearray(write_object(what))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(octets) - 1))
        octets[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    read_object(bytes(octets))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<a/>", "a a object"),
        (b"no xml", "no XML"),
        (b"<AastraIPPhoneTextScreen>", "no XML"),
        (b"<!DOCTYPE a [<!ENTITY e 'x'>]><AastraIPPhoneTextScreen/>", "document type"),
        ("<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a><a/>".encode("utf-16"), "not utf-8"),
        (b"<?xml version='1.0' encoding='utf-7'?><a/>", "encoding utf-7"),
        (b"<AastraIPPhoneTextScreen>\xff</AastraIPPhoneTextScreen>", "not utf-8 at octet 25"),
        (b"<AastraIPPhoneTextMenu/>", "without a MenuItem"),
        (b"<AastraIPPhoneDirectory/>", "without a MenuItem"),
        (b"<AastraIPPhoneInputScreen/>", "without a URL"),
        (b"<AastraIPPhoneImageScreen/>", "without an Image"),
        (b"<AastraIPPhoneStatus/>", "without a Message"),
        (b"<AastraIPPhoneExecute/>", "without an ExecuteItem"),
        (b"<AastraIPPhoneConfiguration/>", "without a ConfigurationItem"),
        (b"<AastraIPPhoneTextScreen/>" + b" " * MAX_OBJECT, "octets"),
        (b"<a>" * 500 + b"</a>" * 500, "deep in each other"),
    ],
)
def test_a_refusal_says_why(data: bytes, why: str) -> None:
    found = read_object(data)
    assert isinstance(found, Unusable) and why in found.reason


@pytest.mark.parametrize("data", [b"", b"  \r\n "])
def test_an_empty_answer_is_nothing(data: bytes) -> None:
    assert read_object(data) == Nothing()


def test_names_count_in_any_case_and_what_is_unknown_is_passed_over() -> None:
    found = read_object(
        b'<aastraipphonetextmenu DESTROYONEXIT="YES" timeout="9" new="1"><TITLE>T</TITLE><New/>'
        b'<MenuItem BASE="http://h/"><prompt>P</prompt><uri>a</uri></MenuItem>'
        b"<MenuItem><Prompt>Q</Prompt><URI>Dial:5</URI></MenuItem></aastraipphonetextmenu>"
    )
    assert isinstance(found, xml.TextMenu)
    assert found.head == xml.Head("T", destroy_on_exit=True, timeout_s=9)
    assert [item.uri for item in found.items] == ["http://h/a", "Dial:5"]


def test_cdata_and_latin_1_are_read() -> None:
    data = "<?xml version='1.0' encoding='ISO-8859-1'?><AastraIPPhoneTextScreen><Text>"
    data += "<![CDATA[Grüße & <so>]]></Text></AastraIPPhoneTextScreen>"
    assert read_object(data.encode("latin-1")) == xml.TextScreen(xml.Head(), "Grüße & <so>")


def test_too_many_items_are_cut_off() -> None:
    item = b"<MenuItem><Prompt>p</Prompt></MenuItem>"
    found = read_object(
        b"<AastraIPPhoneTextMenu>" + item * (MOST_ITEMS + 9) + b"</AastraIPPhoneTextMenu>"
    )
    assert isinstance(found, xml.TextMenu) and len(found.items) == MOST_ITEMS


def test_a_single_input_stands_in_the_root_and_fields_may_differ_from_it() -> None:
    single = read_object(
        b'<AastraIPPhoneInputScreen type="IP"><Prompt>IP</Prompt><URL>http://h</URL>'
        b"<Parameter>ip</Parameter><Default>1.1.1.1</Default></AastraIPPhoneInputScreen>"
    )
    assert isinstance(single, xml.InputScreen)
    assert single.fields == (xml.InputField("IP", "ip", "1.1.1.1", "IP"),)
    several = read_object(
        b'<AastraIPPhoneInputScreen type="number" password="yes"><URL>http://h</URL>'
        b'<InputField password="no"><Parameter>a</Parameter></InputField>'
        b"<InputField><Parameter>b</Parameter></InputField></AastraIPPhoneInputScreen>"
    )
    assert isinstance(several, xml.InputScreen)
    assert [(f.parameter, f.type, f.password) for f in several.fields] == [
        ("a", "number", False),
        ("b", "number", True),
    ]


def test_a_range_of_parameters_is_written_out() -> None:
    found = read_object(
        b'<AastraIPPhoneConfiguration setType="override"><ConfigurationItem>'
        b'<Parameter firstItem="2" lastItem="4">SoftKey# type</Parameter><Value></Value>'
        b'</ConfigurationItem><ConfigurationItem setType="local"><Parameter>a</Parameter>'
        b"<Value>1</Value></ConfigurationItem></AastraIPPhoneConfiguration>"
    )
    assert isinstance(found, xml.Configuration)
    assert [(i.parameter, i.value, i.set_type) for i in found.items] == [
        *((f"softkey{n} type", "", "override") for n in (2, 3, 4)),
        ("a", "1", "local"),
    ]
    assert "1" not in repr(found.items[-1]), "it may be a password"


def test_a_range_that_is_none_is_refused() -> None:
    for first, last in ((4, 2), (1, 99_999)):
        found = read_object(
            f'<AastraIPPhoneConfiguration><ConfigurationItem><Parameter firstItem="{first}" '
            f'lastItem="{last}">softkey# type</Parameter></ConfigurationItem>'
            "</AastraIPPhoneConfiguration>".encode()
        )
        assert isinstance(found, Unusable) and "range" in found.reason
