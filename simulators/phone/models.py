"""The emulated models as one table: keys, pages, touch, screen, modules, file names.

Public sources disagree about the number of keys (domain reference 3.1); the top softkeys here are
those of the provisioning plug-in read for the 69xx, the softkeys those of the older twin models.
Pages are ours: half of the top softkeys each, which the sizes of the screens allow. Screens and the
M695 module (28 keys on each of three pages, up to three modules, not for the conference phone 6970)
are those of the maker's public data sheets. Contacts of a mobile phone come over Bluetooth to 6930
and 6940, not to the 6970 (domain reference 3.3); the 6920 has no Bluetooth.
"""

from dataclasses import dataclass

from simulators.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Model:
    """One 69xx model.

    Args:
        name: as in file names and the User-Agent, `6930`.
        top_softkeys: keys beside the screen that can be shown, all pages together.
        softkeys: keys below the screen that can be configured, all pages together.
        top_page: top softkeys on one page of the screen.
        touch: whether lists are operated by touch too; then paging needs no "More" key.
        width, height: of the screen, in pixels.
        soft_page: softkeys below the screen that are seen at once.
        modules: expansion modules that can be attached; `module` is their name.
        module_keys: keys of one module, all pages together; 0 where none fits.
        mobile_contacts: whether it takes contacts over Bluetooth.
    """

    name: str
    top_softkeys: int
    softkeys: int
    top_page: int
    touch: bool
    width: int
    height: int
    soft_page: int = 5
    modules: int = 3
    module: str = "M695"
    module_keys: int = 84
    mobile_contacts: bool = False

    @property
    def firmware_file(self) -> str:
        """`6930.st`."""
        return f"{self.name}.st"

    @property
    def boot_loader_file(self) -> str:
        """`6930.boot.st`, which leads from MiNET to SIP firmware (PHN-1)."""
        return f"{self.name}.boot.st"

    @property
    def configuration_file(self) -> str:
        """`6930.cfg`."""
        return f"{self.name}.cfg"

    @property
    def user_agent(self) -> str:
        """The first word of the User-Agent, `Mitel6930`."""
        return f"Mitel{self.name}"


MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            "6920", top_softkeys=10, softkeys=18, top_page=5, touch=False, width=320, height=240,
            soft_page=4,
        ),
        Model(
            "6930", top_softkeys=22, softkeys=24, top_page=11, touch=False, width=480, height=272,
            mobile_contacts=True,
        ),
        Model(
            "6940", top_softkeys=24, softkeys=24, top_page=12, touch=True, width=800, height=480,
            soft_page=6, mobile_contacts=True,
        ),
        Model(
            "6970", top_softkeys=24, softkeys=24, top_page=12, touch=True, width=800, height=480,
            modules=0, module_keys=0,
        ),
    )
}  # fmt: skip


def model(name: str) -> Model:
    """The model called `name`.

    Raises:
        ConfigurationError: there is none.
    """
    try:
        return MODELS[name]
    except KeyError:
        raise ConfigurationError(
            f"there is no model {name!r} to emulate: choose one of {', '.join(MODELS)}"
        ) from None
