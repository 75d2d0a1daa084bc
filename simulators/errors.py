"""The errors of the simulators.

BenchError                    base: one sentence that says what was expected, what came, what to do
├── ConfigurationError        the person's input: estate file, option, seed, address, port (exit
│                             status 2)
├── LocalProtocolError        our bench broke a rule of the protocol: our bug
├── NotOffered                a role of this run can't do it: what needs it is not applicable
└── RemoteProtocolError       the peer broke a rule: a finding
"""


class BenchError(Exception):
    """Base of all errors that the simulators raise on purpose."""


class ConfigurationError(BenchError):
    """What a person asked for can't be done as asked; the message says what to change."""


class LocalProtocolError(BenchError):
    """One of our own roles was about to break its protocol."""


class NotOffered(BenchError):
    """A role of this run can't do what was wanted of it: a real one's clock can't be moved."""


class RemoteProtocolError(BenchError):
    """A peer sent what its protocol does not allow."""
