"""The errors of the load tests.

simulators.errors.BenchError
├── simulators.errors.ConfigurationError   the person's input (exit status 2)
└── LoadError                              base of what follows
    ├── TargetError                        the target did not start, or broke its contract
    └── GeneratorError                     Locust or a load engine failed: our own fault
"""

from simulators.errors import BenchError


class LoadError(BenchError):
    """Base of all errors that the load tests raise on purpose."""


class TargetError(LoadError):
    """The target did not start, or did not keep to its contract."""


class GeneratorError(LoadError):
    """Locust or an engine failed; nothing that was measured can be trusted."""
