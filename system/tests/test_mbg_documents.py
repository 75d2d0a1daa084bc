"""What the MBG answers is read the short way or the long way, with one result."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from system.errors import MbgAnswerUnusable
from system.mbg.client import read_document
from system.mbg.documents import DeviceDocument, IcpDocument, Page, TokenDocument

DOCUMENTS = st.sampled_from([DeviceDocument, IcpDocument, Page, TokenDocument])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
WELL_MADE = {
    "id": st.text(min_size=1, max_size=64),
    "icp_id": st.text(max_size=10),
    "set_username": st.text(max_size=10),
    "icp_username": st.text(max_size=10),
    "created_by": st.none() | st.text(max_size=5),
    "enabled": st.booleans(),
    "licensed": st.none() | st.booleans(),
    "state": st.text(max_size=5),
    "expires_at": st.text(max_size=5),
    "name": st.text(max_size=5),
    "address": st.text(max_size=5),
    "items": st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=2), max_size=2),
    "total": st.integers(-1, 9),
}
MEMBERS = st.fixed_dictionaries({}, optional={name: v | VALUES for name, v in WELL_MADE.items()})
ANSWERS = st.fixed_dictionaries(WELL_MADE) | MEMBERS | VALUES


def read(document: type[BaseModel], content: bytes) -> Any:
    try:
        return read_document(document, content)
    except MbgAnswerUnusable as error:
        return error.message


def read_the_long_way(document: type[BaseModel], content: bytes) -> Any:
    with pytest.MonkeyPatch.context() as patch:

        def refuse(_content: bytes) -> None:
            document.model_validate(object())

        patch.setattr(document, "model_validate_json", refuse)
        return read(document, content)


@given(DOCUMENTS, ANSWERS, st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_both_ways_read_the_same(
    document: type[BaseModel], answer: Any, escaped: bool, encoding: str
) -> None:
    content = json.dumps(answer, ensure_ascii=escaped).encode(encoding, "surrogatepass")
    found = read(document, content)
    # By their words: a number that is none (NaN) equals nothing, not even itself.
    assert repr(found) == repr(read_the_long_way(document, content))


@pytest.mark.parametrize("content", [b"", b"<html>", b"{", b'{"id": "1"', b"\xff{}"])
def test_what_is_no_json_is_told_from_what_is_not_as_documented(content: bytes) -> None:
    with pytest.raises(ValueError):
        read_document(DeviceDocument, content)
    with pytest.raises(MbgAnswerUnusable, match="icp_id"):
        read_document(DeviceDocument, b'{"id": "1", "set_username": "a", "icp_username": "b"}')
