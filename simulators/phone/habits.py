"""The habits of a phone that public sources leave open or that cost time, as settings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LifeSettings:
    """Habits of a phone, in seconds of the run's clock.

    Args:
        boot_s: from power to the network.
        network_s: until DHCP has answered.
        flash_s: to flash an image.
        configuration_retry_s: until an absent configuration server is tried again.
        unregister_limit_s: how long a deliberate restart waits for un-registering; 0 doesn't un-
            register.
        tftp_firmware_retry_s: until MiNET firmware or the boot loader asks TFTP for an image again.
        asks_older_first_file: whether `aastra.cfg` is asked for where there is no `startup.cfg`.
        empty_first_file_ends: whether an empty first file keeps the phone from asking for more.
        servers_followed: how often in one boot files may send it to another server.
        directory_refresh_s: until directories are fetched again.
        keeps_connection: whether the files of one boot come over one connection, where one server
            has them; else there is one for each request.
    """

    boot_s: float = 0.0
    network_s: float = 0.0
    flash_s: float = 0.0
    configuration_retry_s: float = 120.0
    unregister_limit_s: float = 4.0
    tftp_firmware_retry_s: float = 60.0
    asks_older_first_file: bool = True
    empty_first_file_ends: bool = False
    servers_followed: int = 2
    directory_refresh_s: float = 86_400.0
    keeps_connection: bool = True
