"""A person at both sites, played by a program: it reads each question and does what it says.

What it knows are the pages' labels as they are shown, and the two systems: the MCS by its API, the
MBG by its control API.
"""

import json
import ssl
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from features.tests.elsewhere import PASSWORD, Elsewhere

Json = dict[str, Any]


class Person:
    """Answers until it is told to stop. `done` is what was asked, in order."""

    def __init__(self, there: Elsewhere, form: str) -> None:
        self._there, self._form = there, form
        self._token = ""
        self.done: list[str] = []
        self._stopped = threading.Event()

    def answers(self) -> None:
        last = 0
        while not self._stopped.wait(0.05):
            try:
                with urllib.request.urlopen(f"{self._form}question.json", timeout=5) as page:
                    question = json.loads(page.read())
            except OSError:
                continue  # not there yet, or no more
            if question is None or question["number"] == last:
                continue
            last = question["number"]
            self.done.append(f"{question['at']}: {question['page']}: {question['task']}")
            values = self._mcs(question) if question["at"] == "MCS" else self._mbg(question)
            told = {"number": last, "token": question["token"], "outcome": "done", **values}
            data = urllib.parse.urlencode(told).encode()
            with urllib.request.urlopen(self._form, data, timeout=5):
                pass

    def stop(self) -> None:
        self._stopped.set()

    def _api(self, method: str, path: str, body: object = None) -> Any:
        return self._there.api(method, path, body, self._token)

    def _mcs(self, question: Json) -> Json:
        enter, read = question["enter"], question["read"]
        if question["page"] == "Log-in":
            log_in = {"username": "admin", "password": PASSWORD}
            self._token = self._api("POST", "/login", log_in)["token"]
        elif "Internal IP address" in enter:
            self._api("PUT", "/settings/mbg", {
                "internal_address": enter["Internal IP address"], "port": int(enter["Port"]),
            })  # fmt: skip
        elif "Enable Rest API" in question["task"]:
            self._api("PUT", "/settings/mbg", {"rest_api_enabled": True})
        elif "State of the token" in read:
            page = self._api("GET", "/settings/mbg")
            token = page["token"]
            return _shown({
                "Internal IP address": page["internal_address"],
                "State of the token": token["state"], "Expiry of the token": token["expires_at"],
            })  # fmt: skip
        elif "Shared Secret" in enter:
            self._api("POST", "/settings/mbg/request-token", {
                "name": enter["Name"], "consumer_id": enter["Consumer ID"],
                "shared_secret": enter["Shared Secret"],
            })  # fmt: skip
        elif "Verifier" in enter:
            body = {"verifier": enter["Verifier"]}
            self._api("POST", "/settings/mbg/retrieve-token", body)
        elif "CT Gateway" in enter:
            self._api("POST", "/phone-systems", {
                "name": enter["Name"], "ct_gateway_address": enter["CT Gateway"],
                "ct_gateway_port": int(enter["Port"]), "ct_gateway_password": enter["Password"],
            })  # fmt: skip
        elif question["task"].startswith("Have nodes"):
            self._api("POST", "/phone-systems/1/sync", {})
        elif "NAT SIP Port" in enter:
            self._api("PUT", f"/phone-systems/1/nodes/{enter['Node']}", {
                "nat_ip_address": enter["NAT IP Address"],
                "nat_sip_port": int(enter["NAT SIP Port"]),
            })  # fmt: skip
        elif "NAT IP Address/Full Hostname" in enter:
            host = enter["NAT IP Address/Full Hostname"]
            self._api("PUT", "/client-locations/remote", {"nat_ip_address_or_hostname": host})
        elif "File" in enter:
            self._uploads(enter["Model"], Path(enter["File"]))
        elif "Use remote authorization credentials" in enter:
            on = enter["Use remote authorization credentials"] == "yes"
            path = f"/phone-systems/1/extensions/{enter['Extension']}"
            self._api("PUT", path, {"use_remote_credentials": on})
        elif "Provisioning" in read:
            form = self._api("GET", f"/phone-systems/1/extensions/{enter['Extension']}")
            return _shown({
                "Provisioning": form["provisioning"]["state"],
                "Message": form["provisioning"]["message"],
                "Remote authorization name": form["remote_name"],
                "The MBG's id": form["mbg_device_id"],
            })  # fmt: skip
        elif "MAC address" in enter and "Extension" in enter:
            body = {"extension": enter["Extension"]}
            self._api("PUT", f"/phones/{enter['MAC address']}", body)
        else:
            raise AssertionError(f"what is to be done here? {question}")
        return {}

    def _uploads(self, model: str, file: Path) -> None:
        request = urllib.request.Request(
            f"{self._there.api_url}/api/v1/firmware/{model}", file.read_bytes(),
            {"Authorization": f"Bearer {self._token}"}, method="PUT",
        )  # fmt: skip
        trust: ssl.SSLContext = self._there.authority.client_context()
        with urllib.request.urlopen(request, timeout=30, context=trust):
            pass

    def _mbg(self, question: Json) -> Json:
        enter, read, control = question["enter"], question["read"], self._there.control
        if "Destination Host IP Address" in enter:
            control("POST", "/forwards", {
                "outside_port": int(enter["Port"]), "snat": enter["SNAT"] == "on",
                "destination_host": enter["Destination Host IP Address"],
                "destination_port": int(enter["Destination port"]),
            })  # fmt: skip
        elif "Hostname or IP Address" in enter:
            wanted = {"name": enter["Name"], "address": enter["Hostname or IP Address"]}
            control("POST", "/icps", wanted)
        elif "Shared secret" in read:
            control("PUT", "/web-services", {"running": True})
            permissions = {name: enter[name] for name in enter if "/" in name}
            made = control("POST", "/consumers", {
                "name": enter["Name"], "consumer_id": enter["ConsumerID"],
                "permissions": permissions,
            })  # fmt: skip
            return {"Shared secret": made["shared_secret"]}
        elif "Verifier" in read:
            made = control("POST", "/temporary-tokens/latest/approve")
            return {"Verifier": made["verifier"]}
        else:
            raise AssertionError(f"what is to be done here? {question}")
        return {}


def _shown(values: Json) -> Json:
    return {name: "" if value is None else str(value) for name, value in values.items()}


@contextmanager
def answering(there: Elsewhere, form: str) -> Iterator[Person]:
    """A person who answers at this form while the block runs."""
    person = Person(there, form)
    thread = threading.Thread(target=person.answers)
    thread.start()
    try:
        yield person
    finally:
        person.stop()
        thread.join()
        time.sleep(0)
