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
    """

    boot_s: float = 0.0
    network_s: float = 0.0
    flash_s: float = 0.0
    configuration_retry_s: float = 120.0
    unregister_limit_s: float = 4.0
