"""What is pictured: each face of the bench with its log-in and its pages, as data.

A path may hold `{mac}` and `{model}` of a phone that is registered, and a registered
`{extension}`. A picture whose name holds `{model}` is taken of one phone of each model.
"""

from collections.abc import Callable
from dataclasses import dataclass

from simulators.errors import BenchError
from simulators.estate.estate import Estate


class PictureError(BenchError):
    """A page can't be pictured; says which and why."""


@dataclass(frozen=True, slots=True)
class Face:
    """One site.

    Args:
        name: begins the pictures' names.
        url: where it is in an estate, without a path.
        log_in: path of the log-in page; empty for a face that asks for none.
        account: user name and password there.
        pages: name of the picture -> path.
        alive: what is on a page once its script has its first news (CSS); empty: at once.
    """

    name: str
    url: Callable[[Estate], str]
    log_in: str
    account: Callable[[Estate], tuple[str, str]]
    pages: dict[str, str]
    alive: str = ""


def _mcs_url(estate: Estate) -> str:
    assert estate.mcs is not None
    return estate.mcs.api_url


def _mcs_account(estate: Estate) -> tuple[str, str]:
    assert estate.mcs is not None
    return estate.mcs.admin_name, estate.mcs.admin_password


def _mbg_url(estate: Estate) -> str:
    host, port = estate.mbg.rest_address
    return f"https://{host}:{port}"


def _mbg_account(estate: Estate) -> tuple[str, str]:
    return "admin", estate.mbg.settings.site_password


def _phones_url(estate: Estate) -> str:
    return estate.phone_control.url


def _estate_url(estate: Estate) -> str:
    return estate.control.url


def _nobody(_: Estate) -> tuple[str, str]:
    return "", ""


FACES = (
    Face(
        name="mcs",
        url=_mcs_url,
        log_in="/log-in",
        account=_mcs_account,
        pages={
            "overview": "/",
            "account": "/account",
            "client-locations-local": "/site-settings/client-locations/local",
            "client-locations-remote": "/site-settings/client-locations/remote",
            "phone-systems": "/site-settings/phone-systems",
            "mbg": "/site-settings/phone-systems/mbg",
            "pbx": "/site-settings/phone-systems/1",
            "node": "/site-settings/phone-systems/1/nodes/1",
            "extension": "/site-settings/phone-systems/1/extensions/{extension}",
            "provisioning": "/provisioning",
            "many-extensions": "/provisioning/bulk",
            "drift": "/provisioning/drift",
            "notices": "/notices",
            "health": "/health",
            "phones": "/phones",
            "phone": "/phones/{mac}",
            "phone-keys": "/phones/{mac}/keys",
            "add-phone": "/phones/add",
            "keymaps": "/features/keymaps",
            "keymap": "/features/keymaps/model/{model}",
            "firmware": "/features/firmware",
            "firmware-model": "/features/firmware/{model}",
            "directories": "/features/directories",
            "directory": "/features/directories/system",
            "images": "/features/images",
            "users": "/users",
            "user": "/users/admin",
            "add-user": "/add-user",
            "roles": "/roles",
            "log-ins": "/log-ins",
            "licences": "/licences",
            "audit": "/audit",
            "audit-retention": "/audit/retention",
        },
    ),
    Face(
        name="mbg",
        url=_mbg_url,
        log_in="/server-manager/log-in",
        account=_mbg_account,
        pages={
            "web-services": "/server-manager/web-services",
            "add-consumer": "/server-manager/web-services/consumers/new",
            "port-forwarding": "/server-manager/port-forwarding",
            "add-forward": "/server-manager/port-forwarding/new",
            "icps": "/server-manager/icps",
            "sip-devices": "/server-manager/sip-devices",
            "system": "/server-manager/system",
            "licences": "/server-manager/licences",
            "signature-debugger": "/server-manager/signature-debugger",
        },
    ),
    Face(
        name="phones",
        url=_phones_url,
        log_in="",
        account=_nobody,
        pages={"wall": "/handsets/", "handset-{model}": "/handsets/{mac}"},
        alive="#link[data-how=open]",
    ),
    Face(
        name="map",
        url=_estate_url,
        log_in="",
        account=_nobody,
        pages={"live": "/map/"},
        alive="#phones tr",
    ),
    Face(
        name="estate",
        url=_estate_url,
        log_in="",
        account=_nobody,
        pages={"entry": "/"},
    ),
)


def places(face: Face, estate: Estate) -> dict[str, str]:
    """Each picture's name and path, with what stands for the braces.

    Raises:
        PictureError: no phone is registered.
    """
    extensions = estate.node.registered_extensions()
    phones = [(phone.model.name, mac) for mac, phone in estate.phones.items() if phone.registered]
    if not phones or not extensions:
        raise PictureError("no phone is registered, so there is none to picture")
    of_models = dict(reversed(phones))
    found = {}
    for name, path in face.pages.items():
        for model, mac in sorted(of_models.items()) if "{model}" in name else phones[:1]:
            known = {"mac": mac, "model": model, "extension": min(extensions)}
            found[f"{face.name}-{name.format_map(known)}"] = path.format_map(known)
    return found
