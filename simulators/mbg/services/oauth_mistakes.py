"""The usual mistakes in a signature base string, by name, each a change of one `Signing`, pure.

A mistake that can't have been made in a request (no query to leave out) yields nothing.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote, quote_plus, unquote, urlsplit

from simulators.mbg.services.oauth import MAX_PARAMETERS, Pairs, encode, pairs
from simulators.mbg.services.oauth_masking import json_fields
from simulators.mbg.services.oauth_signing import Signing

Change = Callable[[Signing], Iterable[Signing]]
MOST_NAMES = 8
"""Names at the start of a path that may have been left out."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One usual mistake: its name, what to tell its maker, and how signing looks with it."""

    name: str
    says: str
    change: Change


def _http_for_https(s: Signing) -> Iterator[Signing]:
    scheme, _, rest = s.uri.partition("://")
    other = {"https": "http", "http": "https"}[scheme]
    yield replace(s, uri=f"{other}://{rest}", which=f"{other} was signed, {scheme} was used")


def _port_included(s: Signing) -> Iterator[Signing]:
    parts = urlsplit(s.uri)
    if parts.port is None:
        port = {"http": 80, "https": 443}[parts.scheme]
        yield replace(s, uri=f"{parts.scheme}://{parts.netloc}:{port}{parts.path}")


def _port_left_out(s: Signing) -> Iterator[Signing]:
    parts = urlsplit(s.uri)
    if parts.port is not None:
        host = parts.netloc.rpartition(":")[0]
        yield replace(s, uri=f"{parts.scheme}://{host}{parts.path}")


def _other_host(s: Signing) -> Iterator[Signing]:
    parts = urlsplit(s.uri)
    port = f":{parts.port}" if parts.port else ""
    for host in s.secrets.hosts:
        for authority in dict.fromkeys((host, f"{host}{port}")):
            if authority != parts.netloc:
                uri = f"{parts.scheme}://{authority}{parts.path}"
                yield replace(s, uri=uri, which=f"{authority} was signed")


def _host_as_written(s: Signing) -> Iterator[Signing]:
    written = s.request.request.uri.partition("?")[0]
    if urlsplit(written).netloc.lower() != urlsplit(written).netloc:
        netloc = urlsplit(written).netloc.removesuffix(":443").removesuffix(":80")
        yield replace(s, uri=f"{urlsplit(s.uri).scheme}://{netloc}{urlsplit(s.uri).path}")


def _slash(s: Signing) -> Iterator[Signing]:
    if s.uri.endswith("/"):
        yield replace(s, uri=s.uri[:-1], which="the slash at the end was left out")
    else:
        yield replace(s, uri=f"{s.uri}/", which="a slash was added at the end")


def _path_decoded(s: Signing) -> Iterator[Signing]:
    if "%" in s.uri:
        yield replace(s, uri=unquote(s.uri), which="the path was decoded")
        yield replace(s, uri=s.uri.replace("%", "%25"), which="the path was encoded again")


def _path_prefix(s: Signing) -> Iterator[Signing]:
    parts = urlsplit(s.uri)
    names = parts.path.split("/")[1:]
    for count in range(1, min(len(names), MOST_NAMES)):
        left = "/".join(names[count:])
        uri = f"{parts.scheme}://{parts.netloc}/{left}"
        yield replace(s, uri=uri, which=f"/{'/'.join(names[:count])} was left out")


def _query_in_uri(s: Signing) -> Iterator[Signing]:
    query = s.request.request.uri.partition("?")[2]
    if query:
        with_query = replace(s, uri=f"{s.uri}?{query}")
        yield with_query
        yield replace(with_query, query=_protocol(s.query))


def _query_left_out(s: Signing) -> Iterator[Signing]:
    if _protocol(s.query) != s.query:
        yield replace(s, query=_protocol(s.query))


def _form_left_out(s: Signing) -> Iterator[Signing]:
    if _protocol(s.form) != s.form:
        yield replace(s, form=_protocol(s.form))


def _body_included(s: Signing) -> Iterator[Signing]:
    content = s.request.request.content.decode("utf-8", "surrogateescape")
    if not content:
        return
    if content.count("&") < MAX_PARAMETERS:
        yield replace(s, form=pairs(content), which="as if it were a form")
    yield replace(s, form=[(content, "")], which="as one name")
    fields = json_fields(s.request.request.content)
    if fields:
        yield replace(s, form=fields, which="each JSON field as a parameter")


def _unsorted(s: Signing) -> Iterator[Signing]:
    header, query, form = s.header, s.query, s.form
    own, other = _protocol(header + query + form), _others(header + query + form)
    for order in (header + query + form, query + form + header, other + own, own + other):
        yield replace(s, header=order, query=[], form=[], order=list, which="as they were sent")
    yield replace(s, order=_by_name, which="by name only, not by value within a name")
    for place in (own + sorted(other), sorted(other) + sorted(own)):
        yield replace(s, header=place, query=[], form=[], order=list, which="not all as one list")


def _sorted_before_encoding(s: Signing) -> Iterator[Signing]:
    everything = sorted(s.header + s.query + s.form)
    yield replace(s, header=everything, query=[], form=[], order=list)


def _duplicates(s: Signing) -> Iterator[Signing]:
    everything = s.header + s.query + s.form
    last, first = dict(everything), dict(reversed(everything))
    if len(last) < len(everything):
        for kept, which in ((last, "last"), (first, "first")):
            which = f"only the {which} value of each name was signed"
            yield replace(s, header=list(kept.items()), query=[], form=[], which=which)


def _empty_left_out(s: Signing) -> Iterator[Signing]:
    full = [[pair for pair in place if pair[1]] for place in (s.header, s.query, s.form)]
    if full != [s.header, s.query, s.form]:
        yield replace(s, header=full[0], query=full[1], form=full[2])


def _space_as_plus(s: Signing) -> Iterator[Signing]:
    yield replace(s, encode=lambda text: quote_plus(text, safe="-._~", errors="surrogateescape"))


def _plus_kept(s: Signing) -> Iterator[Signing]:
    raw_query, raw_form = _raw(s)
    kept = [
        [(unquote(name), unquote(value)) for name, value in place]
        for place in (raw_query, raw_form)
    ]
    if kept != [s.query, s.form]:
        yield replace(s, query=kept[0], form=kept[1])


def _encoded_twice(s: Signing) -> Iterator[Signing]:
    yield replace(s, encode=lambda text: encode(encode(text)))
    query, form = _raw(s)
    yield replace(s, query=query, form=form, which="query or body was not decoded before it")
    yield replace(s, frame=lambda text: encode(encode(text)), which="the joined parameters were")


def _not_encoded(s: Signing) -> Iterator[Signing]:
    yield replace(s, encode=str, which="names and values before they are joined")
    yield replace(s, frame=str, which="the joined parameters, as a part of the base string")


def _lower_case_escapes(s: Signing) -> Iterator[Signing]:
    key = lower_escapes(s.key) if isinstance(s.key, str) else s.key
    inner = replace(s, encode=_encode_lower, which="in names and values")
    outer = replace(s, frame=_encode_lower, frame_uri=_encode_lower, which="in the base string")
    both = replace(outer, encode=_encode_lower, which="everywhere in the base string")
    yield from (inner, outer, both)
    if key != s.key:
        yield replace(s, key=key, which="in the key")
        for made in (inner, outer, both):
            yield replace(made, key=key, which=f"{made.which} and in the key")


def _other_characters(s: Signing) -> Iterator[Signing]:
    for safe, which in (
        ("-._~!*'()", "! * ' ( ) were left as they are (encodeURIComponent)"),
        ("-._~/", "/ was left as it is"),
        ("-._", "~ was encoded"),
    ):
        yield replace(s, encode=_encoder(safe), which=which)


def _method(s: Signing) -> Iterator[Signing]:
    yield replace(s, method=s.method.lower(), which="in lower case")
    yield replace(s, method=s.method.capitalize(), which="in mixed case")
    for other in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        if other != s.method:
            yield replace(s, method=other, which=f"{other} was signed, {s.method} was sent")


def _realm_included(s: Signing) -> Iterator[Signing]:
    found = re.search(r'\brealm="((?:[^"\\]|\\.)*)"', s.request.request.authorization, re.I)
    if found:
        yield replace(s, header=[*s.header, ("realm", unquote(found[1]))])


def _not_sent(s: Signing) -> Iterator[Signing]:
    sent = s.request.protocol
    for name, value in (
        ("oauth_version", "1.0"),
        ("oauth_token", ""),
        ("oauth_callback", "oob"),
        ("oauth_callback", ""),
        ("oauth_verifier", ""),
    ):
        if name not in sent:
            yield replace(s, header=[*s.header, (name, value)], which=f"{name}={value}")


def _not_signed(s: Signing) -> Iterator[Signing]:
    for left_out in s.request.protocol:
        places = [
            [pair for pair in place if pair[0] != left_out] for place in (s.header, s.query, s.form)
        ]
        header, query, form = places
        if left_out != "oauth_signature":
            yield replace(s, header=header, query=query, form=form, which=left_out)


def _signature_included(s: Signing) -> Iterator[Signing]:
    yield replace(s, header=[*s.header, ("oauth_signature", "")])


def lower_escapes(encoded: str) -> str:
    """Percent-encoded text with its hexadecimal digits in lower case."""
    return re.sub("%..", lambda escape: escape[0].lower(), encoded)


def _encode_lower(text: str) -> str:
    return lower_escapes(encode(text))


def _protocol(place: Pairs) -> Pairs:
    return [pair for pair in place if pair[0].startswith("oauth_")]


def _others(place: Pairs) -> Pairs:
    return [pair for pair in place if not pair[0].startswith("oauth_")]


def _by_name(place: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(place, key=lambda pair: pair[0])


def _encoder(safe: str) -> Callable[[str], str]:
    # quote() never encodes "~"; where that is the mistake, it is done here
    def coded(text: str) -> str:
        found = quote(text, safe=safe, errors="surrogateescape")
        return found if "~" in safe else found.replace("~", "%7E")

    return coded


def _raw(s: Signing) -> tuple[Pairs, Pairs]:
    """Query and form as they stand, not decoded."""
    query = s.request.request.uri.partition("?")[2]
    form = s.request.request.form.decode("utf-8", "surrogateescape")
    split = [
        [(part.partition("=")[0], part.partition("=")[2]) for part in text.split("&") if part]
        for text in (query, form)
    ]
    signed = [[pair for pair in place if pair[0] != "oauth_signature"] for place in split]
    return signed[0], signed[1]


BASE_STRING_MISTAKES = (
    Mistake("query_left_out", "the query's parameters were not signed", _query_left_out),
    Mistake("form_left_out", "the form body's parameters were not signed", _form_left_out),
    Mistake("body_included", "a body that is no form must not be signed", _body_included),
    Mistake("query_in_uri", "the base string URI ends before the query", _query_in_uri),
    Mistake("port_included", "the scheme's default port must not be signed", _port_included),
    Mistake("port_left_out", "a port other than the default must be signed", _port_left_out),
    Mistake("scheme", "sign the scheme that is used", _http_for_https),
    Mistake("slash", "sign the path exactly as it is sent", _slash),
    Mistake("path_prefix", "sign the whole path", _path_prefix),
    Mistake("path_encoding", "sign the path exactly as it is sent", _path_decoded),
    Mistake("other_host", "sign the host that the Host header names", _other_host),
    Mistake("host_case", "sign the host in lower case", _host_as_written),
    Mistake("method", "sign the method that is sent, in upper case", _method),
    Mistake("space_as_plus", "encode a space as %20", _space_as_plus),
    Mistake("plus_not_decoded", "a plus in query or form means a space", _plus_kept),
    Mistake("encoded_twice", "names and values were encoded twice", _encoded_twice),
    Mistake("not_encoded", "an encoding step is missing", _not_encoded),
    Mistake("lower_case_escapes", "write escapes in upper case: %2F", _lower_case_escapes),
    Mistake("other_characters", "encode all but letters, digits and - . _ ~", _other_characters),
    Mistake("unsorted", "sort all encoded parameters by name, then value", _unsorted),
    Mistake("sorted_before_encoding", "encode first, sort then", _sorted_before_encoding),
    Mistake("duplicates_lost", "a name that comes twice is signed twice", _duplicates),
    Mistake("empty_left_out", "parameters without a value are signed, too", _empty_left_out),
    Mistake("realm_included", "the realm is not signed", _realm_included),
    Mistake("not_sent", "a parameter was signed that was not sent", _not_sent),
    Mistake("not_signed", "an OAuth parameter was sent but not signed", _not_signed),
    Mistake("signature_included", "oauth_signature itself is not signed", _signature_included),
)
