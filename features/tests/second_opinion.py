"""A second, minimal MCS that shares nothing with ours: what the suites say must not hang on ours.

It speaks what docs/wire.md says (REST and OAuth, OAI, files for phones, JSON API) as far as the
happy path of stages 1 to 6 goes. All is in memory; no release is checked, nothing tried again.
"""

import argparse
import asyncio
import csv
import json
import re
import secrets
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import aiohttp
from aiohttp import web
from oauthlib.oauth1 import Client
from yarl import URL

Json = dict[str, Any]
AGENT = re.compile(r"Mitel(\w+) MAC:([0-9A-F-]{17}) V:(\S+?)-SIP")


class Refused(Exception):
    """Answered as it is: status, code, message."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        self.status = status
        self.document = {"code": code, "message": message, "field": field}


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

    async def log_in(self, password: str) -> None:
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
            values = found[7:]
            items += [values[i : i + width] for i in range(0, len(values), width)]
            if found[5] == "0":
                return items


class SecondOpinion:
    """What it knows, and what it does with it."""

    def __init__(self, address: str, password: str, trusted: ssl.SSLContext) -> None:
        self.address, self.password, self.trusted = address, password, trusted
        self.bearer = secrets.token_urlsafe(24)
        self.mbg: Json = {"internal_address": None, "port": 443, "rest_api_enabled": False}
        self.consumer = self.temporary = self.final = ("", "")
        self.expires: str | None = None
        self.system: Json = {}
        self.nodes: dict[int, Json] = {}
        self.extensions: dict[str, Json] = {}
        self.credentials: dict[str, tuple[str, str]] = {}
        self.remote_password: dict[str, str] = {}
        self.remote_host: str | None = None
        self.phones: dict[str, Json] = {}
        self.firmware: dict[str, bytes] = {}

    # To the MBG

    async def call(
        self, method: str, path: str, token: tuple[str, str], body: Json | None = None, **extra: str
    ) -> Any:
        """One signed call; the answer's JSON or form."""
        signer = Client(self.consumer[0], self.consumer[1], token[0] or None, token[1] or None,
                        **extra)  # fmt: skip
        base = f"https://{self.mbg['internal_address']}:{self.mbg['port']}/mslrest"
        uri, headers, _ = signer.sign(base + path, method)
        connector = aiohttp.TCPConnector(local_addr=(self.address, 0), ssl=self.trusted)
        try:
            async with (
                aiohttp.ClientSession(connector=connector) as session,
                session.request(method, URL(uri, encoded=True), headers=headers, json=body) as got,
            ):
                text = await got.text()
        except aiohttp.ClientError as error:
            raise Refused(502, "mbg_unreachable", f"the MBG cannot be reached: {error}") from error
        if got.status >= 400:
            told = json.loads(text)
            raise Refused(502, told["code"], told["message"])
        if "json" in got.content_type:
            return json.loads(text)
        return {name: values[0] for name, values in parse_qs(text).items()}

    async def provision(self, number: str) -> None:
        """Bring the MBG to what the extension's form says; what went wrong stands there."""
        form = self.extensions[number]
        if not (self.mbg["rest_api_enabled"] and self.final[0]):
            form["provisioning"]["state"] = "waiting" if form["use_remote_credentials"] else "off"
            return
        try:
            if form["use_remote_credentials"]:
                await self._write(form)
                form["provisioning"] = {"state": "provisioned", "message": None, "attempts": 1}
            else:
                if form["mbg_device_id"]:
                    device = f"/mbg/v1/devices/{form['mbg_device_id']}/"
                    await self.call("DELETE", device, self.final)
                form["mbg_device_id"] = None
                form["provisioning"] = {"state": "off", "message": None, "attempts": 1}
        except Refused as refused:
            message = refused.document["message"]
            form["provisioning"] = {"state": "failed", "message": message, "attempts": 1}

    async def _write(self, form: Json) -> None:
        node, number = self.nodes[form["node"]], form["extension"]
        query = urlencode({"address": node["address"]})
        icps = (await self.call("GET", f"/mbg/v1/icps/?{query}", self.final))["items"]
        if not icps:
            raise Refused(409, "no_icp", f"the MBG has no ICP at {node['address']}")
        name, password = self.credentials[number]
        device = {
            "icp_id": icps[0]["id"], "set_username": form["remote_name"], "icp_username": name,
            "set_password": self.remote_password[number], "icp_password": password,
        }  # fmt: skip
        query = urlencode({"icp_id": icps[0]["id"], "icp_username": name})
        known = (await self.call("GET", f"/mbg/v1/devices/?{query}", self.final))["items"]
        path = f"/mbg/v1/devices/{known[0]['id']}/" if known else "/mbg/v1/devices/"
        made = await self.call("PATCH" if known else "POST", path, self.final, device)
        form["mbg_device_id"] = made["id"]

    # For administrators

    async def log_in(self, body: Json) -> Json:
        if (body.get("username"), body.get("password")) != ("admin", self.password):
            raise Refused(401, "log_in_failed", "name or password is wrong")
        return {"token": self.bearer, "expires_at": "2100-01-01T00:00:00Z"}

    async def mbg_page(self, body: Json) -> Json:
        self.mbg |= {key: value for key, value in body.items() if key in self.mbg}
        state = "valid" if self.final[0] else "none"
        return self.mbg | {"token": {"state": state, "expires_at": self.expires, "message": None}}

    async def request_token(self, body: Json) -> Json:
        if not self.mbg["rest_api_enabled"]:
            raise Refused(422, "invalid", "check Enable Rest API first", "rest_api_enabled")
        self.consumer = (body["consumer_id"], body["shared_secret"])
        told = await self.call("POST", "/initiate", ("", ""), callback_uri="oob")
        self.temporary = (told["oauth_token"], told["oauth_token_secret"])
        return {"state": "waiting for approval"}

    async def retrieve_token(self, body: Json) -> Json:
        told = await self.call("POST", "/token", self.temporary, verifier=body["verifier"])
        self.final, self.temporary = (told["oauth_token"], told["oauth_token_secret"]), ("", "")
        state = await self.call("GET", "/base/v1/managetoken/", self.final)
        self.expires = state["expires_at"]
        for number in self.extensions:
            await self.provision(number)
        return {"state": "valid", "expires_at": self.expires}

    async def phone_system(self, body: Json) -> Json:
        self.system = self.system | body | {"id": 1}
        return {k: v for k, v in self.system.items() if k != "ct_gateway_password"}

    async def phone_systems(self, body: Json) -> Json:
        items = [await self.phone_system(body)] if body or self.system else []
        return items[0] if body else {"items": items, "total": len(items)}

    async def sync(self, body: Json) -> Json:
        reader, writer = await asyncio.open_connection(
            self.system["ct_gateway_address"], self.system["ct_gateway_port"],
            local_addr=(self.address, 0),
        )  # fmt: skip
        try:
            gateway = Gateway(reader, writer)
            await gateway.log_in(self.system["ct_gateway_password"])
            for number, name, address, release in await gateway.ask("_XN", "", 4):
                old = self.nodes.get(int(number), {"nat_ip_address": None, "nat_sip_port": 5060})
                self.nodes[int(number)] = old | {
                    "number": int(number), "name": name, "address": address, "release": release,
                }  # fmt: skip
            for extension, auth, secret in await gateway.ask("_XC", ",||", 3):
                self.credentials[extension] = (auth, secret)
            for extension, name, _, node in await gateway.ask("_QX", ",1", 4):
                known = self.extensions.get(extension, dict(_NEW_FORM, provisioning=dict(_OFF)))
                auth = self.credentials.get(extension, ("", ""))[0]
                self.extensions[extension] = known | {
                    "extension": extension, "name": name, "node": int(node),
                    "internal_auth_name": auth,
                }  # fmt: skip
        finally:
            writer.close()
        return {"nodes": len(self.nodes), "extensions": len(self.extensions)}

    async def node_page(self, body: Json, number: str) -> Json:
        node = self.nodes[int(number)]
        node.update(body)
        return node

    async def form(self, body: Json, number: str) -> Json:
        form = self.extensions[number]
        if body:
            form.update({k: v for k, v in body.items() if k in ("use_remote_credentials",)})
            if form["use_remote_credentials"]:
                form["remote_name"] = form["remote_name"] or "so" + secrets.token_hex(8)
                self.remote_password.setdefault(number, "Aa1-" + secrets.token_urlsafe(18))
            await self.provision(number)
        return form

    async def remote(self, body: Json) -> Json:
        self.remote_host = body.get("nat_ip_address_or_hostname", self.remote_host)
        return {"nat_ip_address_or_hostname": self.remote_host}

    async def phone(self, body: Json, mac: str) -> Json:
        if mac not in self.phones and not body:
            raise Refused(404, "not_found", f"no phone {mac}")
        self.phones.setdefault(mac, {"mac": mac, "registered": False, "extension": None})
        self.phones[mac].update(body)
        return self.phones[mac]

    async def all_phones(self, body: Json) -> Json:
        return {"items": list(self.phones.values()), "total": len(self.phones)}

    # For phones

    async def file(self, request: web.Request) -> web.Response:
        """startup.cfg, aastra.cfg, <model>.cfg, <MAC>.cfg, <model>.st."""
        name = request.match_info["name"]
        told = AGENT.search(request.headers.get("User-Agent", ""))
        if told is None:
            return web.Response(status=403)
        mac = told[2].replace("-", "")
        known = self.phones.setdefault(mac, {"mac": mac, "registered": False, "extension": None})
        inside = self.mbg["internal_address"]
        place = "teleworker" if request.remote == inside else "local"
        known |= {"model": told[1], "firmware": told[3], "location": place,
                  "address": request.remote}  # fmt: skip
        if name == f"{mac}.cfg":
            return web.Response(text=self._own_file(known))
        if name.endswith(".st"):
            image = self.firmware.get(name.removesuffix(".st"))
            return web.Response(body=image) if image else web.Response(status=404)
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
        what = f"registered?mac={mac}&user=$$SIPUSERNAME$$"
        lines.append(f"action uri registered: {base}/{what}")
        return "\n".join(lines) + "\n"

    async def told_by_phone(self, request: web.Request) -> web.Response:
        known = self.phones.get(request.query.get("mac", ""))
        if known is not None and request.match_info["what"] == "registered":
            known["registered"] = True
        return web.Response()

    # Served

    def api(self) -> web.Application:
        app = web.Application()
        routes: dict[str, Callable[..., Awaitable[Json]]] = {
            "/login": self.log_in, "/settings/mbg": self.mbg_page,
            "/settings/mbg/request-token": self.request_token,
            "/settings/mbg/retrieve-token": self.retrieve_token,
            "/phone-systems": self.phone_systems, "/phone-systems/1": self.phone_system,
            "/phone-systems/1/sync": self.sync,
            "/phone-systems/1/nodes/{number}": self.node_page,
            "/phone-systems/1/extensions/{number}": self.form,
            "/client-locations/remote": self.remote, "/phones": self.all_phones,
            "/phones/{mac}": self.phone,
        }  # fmt: skip
        for path, act in routes.items():
            app.router.add_route("*", f"/api/v1{path}", self._handler(path, act))
        app.router.add_get("/api/v1/health", lambda _: _health())
        app.router.add_put("/api/v1/firmware/{model}", self._upload)
        return app

    def _handler(self, path: str, act: Callable[..., Awaitable[Json]]) -> Any:
        async def handle(request: web.Request) -> web.Response:
            if path != "/login" and request.headers.get("Authorization") != f"Bearer {self.bearer}":
                return web.json_response({"code": "unauthorized", "message": "log in"}, status=401)
            body = await request.json() if request.can_read_body else {}
            try:
                return web.json_response(await act(body, **request.match_info))
            except Refused as refused:
                return web.json_response(refused.document, status=refused.status)

        return handle

    async def _upload(self, request: web.Request) -> web.Response:
        self.firmware[request.match_info["model"]] = await request.read()
        return web.json_response({})


_OFF = {"state": "off", "message": None, "attempts": 0}
_NEW_FORM: Json = {"use_remote_credentials": False, "remote_name": None, "mbg_device_id": None,
                   "warnings": []}  # fmt: skip


async def _health() -> web.Response:
    return web.json_response({"status": "ok", "version": "second opinion"})


async def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("listen", "certificate", "key", "trusted-ca", "admin-password-file"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(given.certificate, given.key)
    trusted = ssl.create_default_context(cafile=given.trusted_ca)
    password = Path(given.admin_password_file).read_text().strip()
    mcs = SecondOpinion(given.listen, password, trusted)
    phones = web.Application()
    phones.router.add_get("/phones/{what}", mcs.told_by_phone)
    phones.router.add_get("/{name}", mcs.file)
    for app, ports in ((mcs.api(), ((8200, tls),)), (phones, ((8202, tls), (8203, None)))):
        runner = web.AppRunner(app)
        await runner.setup()
        for port, context in ports:
            await web.TCPSite(runner, given.listen, port, ssl_context=context).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
