"""Directories as CSV, and images, on 8202 and 8203."""

from aiohttp import web

from system.phones.directory import Directory, as_csv
from system.phones.gate import Caller, Gate
from system.phones.images import ImageStore


class Content:
    """Handlers."""

    def __init__(self, gate: Gate, directory: Directory, images: ImageStore) -> None:
        self._gate = gate
        self._directory = directory
        self._images = images

    async def system_directory(self, request: web.Request) -> web.Response:
        """The telephone system's list."""
        await self._trusted(request)
        return _csv(as_csv(await self._directory.system()))

    async def personal_directory(self, request: web.Request) -> web.Response:
        """The list of whoever uses the phone."""
        caller = await self._trusted(request)
        extension = caller.dossier.extension
        if extension is None:
            return _csv("")
        return _csv(as_csv(await self._directory.entries(extension.extension)))

    async def image(self, request: web.Request) -> web.StreamResponse:
        """One image."""
        path = self._images.path(request.match_info["name"])
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Content-Type": "image/png"})

    async def _trusted(self, request: web.Request) -> Caller:
        """Names and numbers are for the phones of this site alone."""
        caller = await self._gate.admit(request, request.query.get("mac", ""))
        if not caller.trusted:
            raise web.HTTPForbidden(text="Directories are for enrolled phones.\n")
        return caller


def _csv(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/csv", headers={"Cache-Control": "no-store"})
