"""A second, minimal MCS that shares nothing with ours: what the suites say must not hang on ours.

It speaks what docs/wire.md says (REST and OAuth, OAI, files for phones, JSON API) as far as the
happy path of stages 1 to 6 goes. All is in memory; no release is checked, nothing tried again.
"""

import asyncio
import csv
import json
import re
import secrets
import ssl
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler
from oauthlib.oauth1 import Client

Json = dict[str, Any]
Token = tuple[str, str]
NEW_FORM: Json = {"use_remote_credentials": False, "remote_name": None, "mbg_device_id": None,
                  "warnings": [], "provisioning": {"state": "off", "message": None}}  # fmt: skip
AGENT = re.compile(r"Mitel(\w+) MAC:([0-9A-F-]{17}) V:(\S+?)-SIP")


class Refused(Exception):
    """Answered as it is: status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.document = {"code": code, "message": message}


class Gateway:
    """One connection to a CT Gateway, for one look at all that it has."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._count = reader, writer, 0

    def _send(self, payload: bytes) -> None:
        self._writer.write(len(payload).to_bytes(4, "little") + payload)

    async def _fields(self) -> list[str]:
        length = int.from_bytes(await self._reader.readexactly(4), "little")
        text = (await self._reader.readexactly(length)).decode("ascii").rstrip("\r")
        return next(csv.reader([text], quotechar="|"))

    async def greet(self, password: str) -> None:
        self._send(b"\x87" + password.encode() + b"\0second opinion\0")
        while (await self._fields())[1] != "RD":
            pass

    async def ask(self, command: str, arguments: str, width: int) -> list[list[str]]:
        """All items of an answer, `width` fields each, frame after frame."""
        self._count += 1
        self._send(f"{command},{self._count}{arguments}\r".encode())
        items: list[list[str]] = []
        while True:
            found = await self._fields()
            if found[1:4] != ["CF", command, str(self._count)]:
                continue  # an event
            if found[4] != "0":
                raise Refused(502, "oai_refused", f"the CT Gateway refused {command}: {found[4]}")
            items += [found[i : i + width] for i in range(7, len(found), width)]
            if found[5] == "0":
                return items


class SecondOpinion:
    def __init__(self, address: str, password: str, trusted: ssl.SSLContext) -> None:
        self.address, self.password, self.trusted = address, password, trusted
        self.bearer = secrets.token_urlsafe(24)
        self.mbg: Json = {"internal_address": None, "port": 443, "rest_api_enabled": False}
        self.consumer = self.temporary = self.final = ("", "")
        self.expires = self.remote_host = ""
        self.credentials: dict[str, Token] = {}
        self.system, self.nodes, self.extensions = (dict[Any, Any]() for _ in range(3))
        self.remote_password, self.phones, self.firmware = (dict[Any, Any]() for _ in range(3))

    async def call(self, method: Any, path: str, token: Token, body: Any = None, **to: str) -> Any:
        """One signed call; the answer's JSON or form."""
        signer = Client(*self.consumer, token[0] or None, token[1] or None, **to)
        base = f"https://{self.mbg['internal_address']}:{self.mbg['port']}/mslrest"
        uri, headers, _ = signer.sign(base + path, method)
        own = aiohttp.TCPConnector(local_addr=(self.address, 0), ssl=self.trusted)
        async with aiohttp.ClientSession(connector=own) as session:
            got = await session.request(method, uri, headers=headers, json=body)
            text = await got.text()
        if got.status >= 400:
            raise Refused(502, json.loads(text)["code"], json.loads(text)["message"])
        is_json = "json" in got.content_type
        return json.loads(text) if is_json else {k: v[0] for k, v in parse_qs(text).items()} or None

    async def provision(self, form: Json) -> None:
        """Bring the MBG to what the extension's form says; what went wrong stands there."""
        wanted, message = form["use_remote_credentials"], None
        if not (self.mbg["rest_api_enabled"] and self.final[0]):
            state = "waiting" if wanted else "off"
        else:
            try:
                if wanted:
                    await self._write(form)
                elif form["mbg_device_id"]:
                    device = f"/mbg/v1/devices/{form['mbg_device_id']}/"
                    form["mbg_device_id"] = await self.call("DELETE", device, self.final)
                state = "provisioned" if wanted else "off"
            except Refused as refused:
                state, message = "failed", refused.document["message"]
        form["provisioning"] = {"state": state, "message": message, "attempts": 1}

    async def _write(self, form: Json) -> None:
        node, number = self.nodes[form["node"]], form["extension"]
        icps = (await self.call("GET", "/mbg/v1/icps/", self.final))["items"]
        found = [icp["id"] for icp in icps if icp["address"] == node["address"]]
        if not found:
            raise Refused(409, "no_icp", f"the MBG has no ICP at {node['address']}")
        name, password = self.credentials[number]
        device = {
            "icp_id": found[0], "set_username": form["remote_name"], "icp_username": name,
            "set_password": self.remote_password[number], "icp_password": password,
        }  # fmt: skip
        known = (await self.call("GET", "/mbg/v1/devices/", self.final))["items"]
        known = [d for d in known if (d["icp_id"], d["icp_username"]) == (found[0], name)]
        path = f"/mbg/v1/devices/{known[0]['id']}/" if known else "/mbg/v1/devices/"
        made = await self.call("PATCH" if known else "POST", path, self.final, device)
        form["mbg_device_id"] = made["id"]

    async def log_in(self, body: Json) -> Json:
        if (body.get("username"), body.get("password")) != ("admin", self.password):
            raise Refused(401, "log_in_failed", "name or password is wrong")
        return {"token": self.bearer, "expires_at": "2100-01-01T00:00:00Z"}

    async def mbg_page(self, body: Json) -> Json:
        self.mbg |= {key: value for key, value in body.items() if key in self.mbg}
        token = {"state": "valid" if self.final[0] else "none", "expires_at": self.expires}
        return self.mbg | {"token": token}

    async def request_token(self, body: Json) -> Json:
        self.consumer = (body["consumer_id"], body["shared_secret"])
        told = await self.call("POST", "/initiate", ("", ""), callback_uri="oob")
        self.temporary = (told["oauth_token"], told["oauth_token_secret"])
        return {"state": "waiting for approval"}

    async def retrieve_token(self, body: Json) -> Json:
        told = await self.call("POST", "/token", self.temporary, verifier=body["verifier"])
        self.final, self.temporary = (told["oauth_token"], told["oauth_token_secret"]), ("", "")
        self.expires = (await self.call("GET", "/base/v1/managetoken/", self.final))["expires_at"]
        for form in self.extensions.values():
            await self.provision(form)
        return {"state": "valid", "expires_at": self.expires}

    async def phone_system(self, body: Json) -> Json:
        self.system |= body
        return {"id": 1} if body else {"items": [{"id": 1, "name": self.system.get("name")}]}

    async def sync(self, body: Json) -> Json:
        place = self.system["ct_gateway_address"], self.system["ct_gateway_port"]
        reader, writer = await asyncio.open_connection(*place, local_addr=(self.address, 0))
        try:
            gateway = Gateway(reader, writer)
            await gateway.greet(self.system["ct_gateway_password"])
            for number, name, address, _ in await gateway.ask("_XN", "", 4):
                node = self.nodes.setdefault(int(number), {"nat_sip_port": 5060})
                node |= {"number": int(number), "name": name, "address": address}
            for extension, auth, secret in await gateway.ask("_XC", ",||", 3):
                self.credentials[extension] = (auth, secret)
            for extension, _, _, number in await gateway.ask("_QX", ",1", 4):
                form = self.extensions.setdefault(extension, dict(NEW_FORM))
                auth = self.credentials.get(extension, ("", ""))[0]
                form |= {"extension": extension, "node": int(number), "internal_auth_name": auth}
        finally:
            writer.close()
        return {"nodes": len(self.nodes), "extensions": len(self.extensions)}

    async def node_page(self, body: Json, number: str) -> Json:
        self.nodes[int(number)] |= body
        return dict(self.nodes[int(number)])

    async def form(self, body: Json, number: str) -> Json:
        form: Json = self.extensions[number]
        if body:
            form["use_remote_credentials"] = body["use_remote_credentials"]
            form["remote_name"] = form["remote_name"] or "so" + secrets.token_hex(8)
            self.remote_password.setdefault(number, "Aa1-" + secrets.token_urlsafe(18))
            await self.provision(form)
        return form

    async def remote(self, body: Json) -> Json:
        self.remote_host = str(body["nat_ip_address_or_hostname"])
        return body

    async def phone(self, body: Json, mac: str) -> Json:
        if mac not in self.phones and not body:
            raise Refused(404, "not_found", f"no phone {mac}")
        return self.known(mac, body)

    async def all_phones(self, body: Json) -> Json:
        return {"items": list(self.phones.values()), "total": len(self.phones)}

    async def upload(self, body: Json, model: str) -> Json:
        self.firmware[model] = body["image"]
        return {}

    def known(self, mac: str, more: Json) -> Json:
        new: Json = {"mac": mac, "registered": False, "extension": None}
        self.phones[mac] = self.phones.get(mac, new) | more
        return dict(self.phones[mac])

    async def file(self, request: web.Request) -> web.Response:
        """startup.cfg, aastra.cfg, <model>.cfg, <MAC>.cfg, <model>.st."""
        name = request.match_info["name"]
        told = AGENT.search(request.headers["User-Agent"])
        assert told is not None, request.headers
        mac, inside = told[2].replace("-", ""), self.mbg["internal_address"]
        place = "teleworker" if request.remote == inside else "local"
        seen = {"model": told[1], "firmware": told[3], "location": place, "address": request.remote}
        if name == f"{mac}.cfg":
            return web.Response(text=self._own_file(self.known(mac, seen)))
        if name.endswith(".st"):
            image = self.firmware.get(name.removesuffix(".st"))
            return web.Response(body=image, status=200 if image else 404)
        return web.Response(text="# nothing for all\n")

    def _own_file(self, phone: Json) -> str:
        away, mac = phone["location"] == "teleworker", phone["mac"]
        base = f"https://{self.remote_host if away else self.address}:8202/phones"
        form = self.extensions.get(phone["extension"] or "")
        lines = [f"topsoftkey{n} {what}" for n in (1, 2)
                 for what in ("type: line", f"label: Line {n}", f"line: {n}")]  # fmt: skip
        if form is not None:
            node = self.nodes[form["node"]]
            name, secret = self.credentials[form["extension"]]
            user, host, port = form["extension"], node["address"], 5060
            if away:
                user = name = form["remote_name"]
                secret = self.remote_password[form["extension"]]
                host, port = node["nat_ip_address"], node["nat_sip_port"]
            values = {"screen name": form["extension"], "user name": user, "auth name": name,
                      "password": secret, "registrar ip": host, "registrar port": port,
                      "proxy ip": host, "proxy port": port}  # fmt: skip
            lines += [f"sip line1 {key}: {value}" for key, value in values.items()]
        lines.append(f"action uri registered: {base}/registered?mac={mac}&user=$$SIPUSERNAME$$")
        return "\n".join(lines) + "\n"

    async def told_by_phone(self, request: web.Request) -> web.Response:
        self.known(request.query["mac"], {"registered": True})
        return web.Response()

    def api(self) -> web.Application:
        acts: dict[str, Callable[..., Awaitable[Json]]] = {
            "login": self.log_in, "settings/mbg": self.mbg_page,
            "settings/mbg/request-token": self.request_token, "phones/{mac}": self.phone,
            "settings/mbg/retrieve-token": self.retrieve_token, "firmware/{model}": self.upload,
            "phone-systems": self.phone_system, "phone-systems/1/sync": self.sync,
            "phone-systems/1/nodes/{number}": self.node_page, "phones": self.all_phones,
            "phone-systems/1/extensions/{number}": self.form,
            "client-locations/remote": self.remote,
        }  # fmt: skip
        app = web.Application()
        for path, act in acts.items():
            app.router.add_route("*", f"/api/v1/{path}", self._handler(act))
        return app

    def _handler(self, act: Callable[..., Awaitable[Json]]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            try:
                bearer = request.headers.get("Authorization")
                if act != self.log_in and bearer != f"Bearer {self.bearer}":
                    raise Refused(401, "unauthorized", "log in first")
                octets = await request.read()
                body = json.loads(octets or b"{}") if act != self.upload else {"image": octets}
                return web.json_response(await act(body, **request.match_info))
            except Refused as refused:
                return web.json_response(refused.document, status=refused.status)

        return handle


async def main(address: str, certificate: str, key: str, trusted_ca: str, password: str) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    trusted = ssl.create_default_context(cafile=trusted_ca)
    mcs = SecondOpinion(address, Path(password).read_text().strip(), trusted)
    phones = web.Application()
    phones.router.add_get("/phones/registered", mcs.told_by_phone)
    phones.router.add_get("/{name}", mcs.file)
    api, files = web.AppRunner(mcs.api()), web.AppRunner(phones)
    await asyncio.gather(api.setup(), files.setup())
    for runner, port, context in ((api, 8200, tls), (files, 8202, tls), (files, 8203, None)):
        await web.TCPSite(runner, address, port, ssl_context=context).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
