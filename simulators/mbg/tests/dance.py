"""A consumer that signs with oauthlib, and web services at the stages of the exchange."""

from dataclasses import dataclass, field

import pytest
from oauthlib.oauth1 import Client as OauthlibClient

from simulators.entropy import Seed
from simulators.mbg.refusals import Refused
from simulators.mbg.services.consumers import Consumer
from simulators.mbg.services.oauth import HttpRequest
from simulators.mbg.services.web_services import Settings, WebServices

URL = "https://127.10.0.10/mslrest"
NOW = 1_800_000_000.0
YEAR = 365 * 86400.0


@dataclass
class Client:
    """A client that signs with oauthlib: another hand than the code under test."""

    consumer_id: str
    secret: str
    token: str = ""
    token_secret: str = ""
    method: str = "HMAC-SHA1"
    nonces: int = field(default=0)

    def sign(
        self, path: str, now: float, *, verifier: str = "", nonce: str = "", callback: str = "oob"
    ) -> HttpRequest:
        self.nonces += 1
        client = OauthlibClient(
            self.consumer_id,
            client_secret=self.secret,
            resource_owner_key=self.token or None,
            resource_owner_secret=self.token_secret or None,
            callback_uri=None if self.token else callback or None,
            signature_method=self.method,
            verifier=verifier or None,
            timestamp=str(int(now)),
            nonce=nonce or f"nonce{self.nonces}",
        )
        uri, headers, _ = client.sign(f"{URL}{path}", "POST")
        return HttpRequest("POST", uri, headers["Authorization"])


def running(settings: Settings | None = None) -> tuple[WebServices, Consumer, Client]:
    services = WebServices(Seed(1).stream("test").randbytes, settings)
    services.start()
    consumer = services.add_consumer("MiVoice Office Application Suite", "MiVOAppSuite")
    return services, consumer, Client("MiVOAppSuite", consumer.shared_secret)


def with_final_token() -> tuple[WebServices, Consumer, Client]:
    services, consumer, client = running()
    temporary = services.initiate(client.sign("/initiate", NOW), NOW)
    verifier = services.approve(temporary.token, NOW)
    client.token, client.token_secret = temporary.token, temporary.secret
    final = services.exchange(client.sign("/token", NOW, verifier=verifier), NOW)
    client.token, client.token_secret = final.token, final.secret
    return services, consumer, client


def refusal_of(act: object, *args: object, **kwargs: object) -> str:
    with pytest.raises(Refused) as refused:
        act(*args, **kwargs)  # type: ignore[operator]
    return refused.value.code
