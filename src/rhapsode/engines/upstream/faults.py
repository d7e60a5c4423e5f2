"""What can go wrong with another server, beside what every engine can fail at.

    EngineError
    ├── Unavailable     it cannot be reached, or fails, or breaks off: what the breaker counts
    └── BlankReply      it works, and its model said nothing
    Overloaded
    └── Busy            it says itself that it has too much to do

No message quotes what the other server sent, which could hold a caller's text, or a key: only the words that
`told_words.py` lists.
"""

from rhapsode.core.errors import EngineError, Overloaded


class Unavailable(EngineError):
    """The other server failed at its work.

    `passing`: nothing of the work was done, and another attempt may succeed. `retry_after` is the seconds that the
    server asked to wait.
    """

    def __init__(self, message: str, *, passing: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.passing = passing
        self.retry_after = retry_after


class BlankReply(EngineError):
    """The reply holds nothing that a reader sees. Worth one more attempt: models are random."""


class Busy(Overloaded):
    """The other server takes no more for now. `retry_after` is the seconds that it asked to wait."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
