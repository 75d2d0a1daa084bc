"""An MBG client of your own: the token exchange and a first call, against a simulated MBG.

`MbgClient` stands for the client that you write. The test is five lines: a consumer is added, the
client asks for a temporary token, somebody presses approve, the client takes the final one.
"""

from pathlib import Path

import pytest
from requests_oauthlib import OAuth1Session

from teleworker_bench.mbg import MbgHandle


class MbgClient:
    """Signs with oauthlib; lists the SIP devices."""

    def __init__(self, url: str, consumer_id: str, shared_secret: str, ca_file: Path) -> None:
        self._url = url
        self._session = OAuth1Session(consumer_id, shared_secret, callback_uri="oob")
        self._session.verify = str(ca_file)
        self._session.trust_env = False  # else REQUESTS_CA_BUNDLE would go before `verify`

    def request_token(self) -> None:
        self._session.fetch_request_token(f"{self._url}/initiate")

    def retrieve_token(self, verifier: str) -> None:
        self._session.fetch_access_token(f"{self._url}/token", verifier=verifier)

    def devices(self) -> list[str]:
        answer = self._session.get(f"{self._url}/mbg/v1/devices/")
        answer.raise_for_status()
        return [device["set_username"] for device in answer.json()["items"]]


def test_my_client_gets_a_token_and_reads_devices(mbg: MbgHandle) -> None:
    consumer = mbg.add_consumer("my-client")
    client = MbgClient(mbg.url, consumer.consumer_id, consumer.shared_secret, mbg.ca_file)
    client.request_token()
    client.retrieve_token(mbg.approve())
    assert client.devices() == []


def test_a_wrong_secret_is_refused_and_the_mbg_says_why(mbg: MbgHandle) -> None:
    mbg.add_consumer("my-client")
    client = MbgClient(mbg.url, "my-client", "bm90IHRoZSBzZWNyZXQhIQ==", mbg.ca_file)
    with pytest.raises(ValueError, match="401"):
        client.request_token()
    assert "secret is wrong" in mbg.diagnosis()
