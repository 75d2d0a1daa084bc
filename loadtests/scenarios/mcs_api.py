"""An administrator at the MCS, by its JSON API (docs/wire.md): what provision ticks with."""

import ssl
from collections.abc import Mapping

import aiohttp

from simulators.errors import ConfigurationError

CONNECTIONS = 100
CALL_WITHIN_S = 60.0


async def log_in(
    places: Mapping[str, str], username: str, password: str, tls: ssl.SSLContext | None = None
) -> aiohttp.ClientSession:
    """A session in which the administrator is logged in; who asked for it closes it.

    Args:
        places: of the plan: `api`, the URL that paths are put behind, and `ca`, a file.
        tls: a context that counts, say; it is made to trust the CA.

    Raises:
        ConfigurationError: the MCS can't be reached, or refuses.
    """
    tls = tls or ssl.create_default_context()
    tls.load_verify_locations(cafile=places["ca"])
    http = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=tls, limit=CONNECTIONS),
        timeout=aiohttp.ClientTimeout(total=CALL_WITHIN_S),
    )
    url, names = places["api"], {"username": username, "password": password}
    try:
        async with http.post(f"{url}/login", json=names) as answer:
            if answer.status != 200:
                raise ConfigurationError(
                    f"the MCS does not let the load engine in ({answer.status})"
                )
            http.headers["Authorization"] = f"Bearer {(await answer.json())['token']}"
    except (aiohttp.ClientError, TimeoutError) as error:
        await http.close()
        raise ConfigurationError(f"can't reach the MCS at {url}: {error}") from error
    except BaseException:
        await http.close()
        raise
    return http
