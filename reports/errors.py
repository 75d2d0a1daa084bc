"""The one error of this package: input that cannot be reported on.

It carries its parts (where, expected, got, what to do) and reads as one message; ``__main__``
prints it and exits with 2. Anything else that escapes is our own bug.
"""

_GOT_LIMIT = 160  # characters of the offending value that a message repeats


class ReportError(Exception):
    """A file of the catalogue or the run folder is not what it has to be.

    Attributes:
        where: File, and where known line and field.
        expected: What should have stood there.
        got: What stood there, shortened.
        remedy: What the reader can do about it.
    """

    def __init__(self, where: str, *, expected: str, got: str, remedy: str) -> None:
        self.where = where
        self.expected = expected
        self.got = got if len(got) <= _GOT_LIMIT else got[:_GOT_LIMIT] + "…"
        self.remedy = remedy
        super().__init__(
            f"{where}\n  expected: {expected}\n  got:      {self.got}\n  to do:    {remedy}"
        )
