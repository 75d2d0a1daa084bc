"""Prism, the mock server from npm that the REST API is measured beside: installed on demand.

It goes into a folder of its own at the root of the project, which git ignores, at a fixed version.
It serves the OpenAPI description that `description` makes: the same resource, with a fixed answer.
"""

import asyncio
import json
import shutil
from pathlib import Path

from loadtests.target import ROOT

VERSION = "5.14.2"
FOLDER = ROOT / ".bench"
INSTALL_WITHIN_S = 300.0
DEVICE = {  # as our MBG answers, so that both send the same
    "id": "1",
    "enabled": True,
    "description": "",
    "icp_id": "1",
    "set_username": "tw0",
    "icp_username": "tw0",
    "availability": "everywhere",
    "status": "never registered",
    "status_detail": "",
    "licensed": False,
    "created_by": "administrator",
}


class Unavailable(Exception):
    """There is no Prism here; the message says how to get it."""


async def installed() -> Path:
    """The script to run with node, installed by npm the first time.

    Raises:
        Unavailable: node or npm is missing, or the installation failed.
    """
    script = FOLDER / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Unavailable(
            "Prism needs node and npm: install them (Debian: apt-get install nodejs npm), and run "
            "the bench again"
        )
    if script.exists():
        return script
    FOLDER.mkdir(exist_ok=True)
    wanted = f"@stoplight/prism-cli@{VERSION}"
    process = await asyncio.create_subprocess_exec(
        "npm", "install", "--prefix", str(FOLDER), "--no-audit", "--no-fund", "--silent", wanted,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _, said = await asyncio.wait_for(process.communicate(), INSTALL_WITHIN_S)
    except TimeoutError:
        said = b"npm took too long"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if not script.exists():
        words = said.decode("utf-8", "replace").strip().splitlines() or ["npm gave no reason"]
        raise Unavailable(
            f"Prism could not be installed ({words[-1]}): try npm install --prefix {FOLDER.name} "
            f"{wanted}"
        )
    return script


def description(devices: int) -> str:
    """An OpenAPI document with one device and a list of `devices`, each with its example."""
    page = {
        "items": [DEVICE | {"id": str(number)} for number in range(devices)],
        "total": devices,
        "page": 1,
        "page_size": 100,
    }
    paths = {
        "/mslrest/mbg/v1/devices/{id}/": _resource(
            DEVICE, [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
        ),
        "/mslrest/mbg/v1/devices/": _resource(page, []),
    }
    about = {"title": "SIP devices", "version": "1"}
    return json.dumps({"openapi": "3.1.0", "info": about, "paths": paths})


def _resource(example: object, parameters: list[object]) -> dict[str, object]:
    content = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return {
        "get": {
            "parameters": parameters,
            "responses": {"200": {"description": "OK", "content": content}},
        }
    }
