"""``/session/directory``: a person's own entries, that of nobody else."""

import pytest

from system.tests.conftest import Site
from system.tests.people_acts import add_user, log_in_as

OWN = "/session/directory"
ENTRY = {"first_name": "Grace", "last_name": "Hopper", "company": "", "number": "4711"}


@pytest.fixture
async def ready(site: Site) -> Site:
    await site.add_phone_system()
    return site


async def test_each_reads_and_writes_the_own_one_alone(ready: Site) -> None:
    for name, extension in (("ada", "2101"), ("bob", "2102")):
        await add_user(ready, name, "user", primary_extension=extension)
    engineer = ready.token
    await log_in_as(ready, "ada")
    written = await ready.ok("PUT", OWN, {"entries": [ENTRY]})
    assert written == {"owner": "2101", "entries": [ENTRY]}
    # The owner is whoever is logged in, whatever is said.
    await ready.ok("PUT", OWN, {"entries": [ENTRY], "owner": "2102"})
    await log_in_as(ready, "bob")
    assert await ready.ok("GET", OWN) == {"owner": "2102", "entries": []}
    for method, path in (("GET", "/directories/2101"), ("PUT", "/directories/2101")):
        status, error = await ready.call(method, path, {"entries": []})
        assert (status, error["code"]) == (403, "role_not_allowed")
    ready.token = engineer
    assert (await ready.ok("GET", "/directories/2101"))["entries"] == [ENTRY]


async def test_without_an_extension_there_is_none(ready: Site) -> None:
    await add_user(ready, "eve", "user")
    await log_in_as(ready, "eve")
    for method in ("GET", "PUT"):
        body = {"entries": [ENTRY]} if method == "PUT" else None
        status, error = await ready.call(method, OWN, body)
        assert (status, error["code"]) == (409, "no_extension")


async def test_nobody_has_one_without_a_log_in(ready: Site) -> None:
    ready.token = None
    assert (await ready.call("GET", OWN))[0] == 401
    assert (await ready.call("PUT", OWN, {"entries": []}))[0] == 401
