"""A reply that another server writes, as a caller shall see it: in one voice, without blanks at its ends.

A server that decodes by a grammar of ours needs none of this. Others may let a model write its own name before its
words, or go on with somebody else's: the former is dropped, and the reply ends before the latter.
"""

from collections.abc import Sequence

from rhapsode.core.chat import ChatUsage
from rhapsode.engines.chat.cut import Cut
from rhapsode.engines.chat.label import NOWHERE, Labels
from rhapsode.engines.chat.names import forms_of
from rhapsode.engines.chat.stops import Stops
from rhapsode.engines.chat.tidy import Tidy


class Heard:
    """One reply's filter. `done` is set once nothing that comes can be shown any more."""

    def __init__(
        self, *, stops: Sequence[str] = (), own: str = "", names: Sequence[str] = (), plain: bool = False
    ) -> None:
        """`own` is the name of the bot that replies, `names` everybody's, where names are about.

        `plain`: everything is shown as it comes.
        """
        self._plain = plain
        self._stops = Stops(stops)
        # Where nobody has a name there is nothing to look for, and looking takes time.
        self._voice = _Voice(own, names) if names else None
        self._tidy = Tidy()
        self._pieces = 0
        self._any = False

    @property
    def begun(self) -> bool:
        """Whether anything visible has come; anything at all, of a plain one."""
        return self._any if self._plain else self._tidy.begun

    @property
    def done(self) -> bool:
        """Whether the rest is not to be shown."""
        return self._stops.done or (self._voice is not None and self._voice.done)

    @property
    def stopped(self) -> bool:
        """Whether one of the caller's stop strings came."""
        return self._stops.done

    @property
    def estimate(self) -> ChatUsage:
        """For a reply that ends here and goes on there, before its tokens are told: most servers send them singly."""
        return ChatUsage(prompt_tokens=0, reply_tokens=self._pieces)

    def feed(self, piece: str) -> str:
        """What can be shown by now; often empty."""
        self._pieces += 1
        if self._plain:
            self._any = self._any or bool(piece)
            return piece
        if self.done:
            return ""
        said = self._stops.feed(piece)
        shown = self._tidy.feed(said if self._voice is None else self._voice.feed(said))
        return shown + self.finish() if self._stops.done else shown

    def finish(self) -> str:
        """What was held back and can be shown, once the reply is over."""
        if self._plain:
            return ""
        rest = self._stops.finish()
        return self._tidy.feed(rest if self._voice is None else self._voice.feed(rest) + self._voice.finish())


class _Voice:
    """Only the one bot's words, without its name."""

    def __init__(self, own: str, names: Sequence[str]) -> None:
        self._own = _OwnLabel(Labels(forms_of(own)))
        self._cut = Cut(Labels(names))

    @property
    def done(self) -> bool:
        return self._cut.done

    def feed(self, piece: str) -> str:
        return self._cut.feed(self._own.feed(piece))

    def finish(self) -> str:
        return self._cut.feed(self._own.finish()) + self._cut.finish()


class _OwnLabel:
    """Drops the label with which a reply begins, if it does, and the marks that end it: `**Ann:** Hello`."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._state = labels.start
        self._held = ""
        self._behind = False
        """whether the label has just ended"""

    def feed(self, piece: str) -> str:
        for place, character in enumerate(piece if self._state else ""):
            self._held += character
            self._state = self._labels.step(self._state, character)
            self._behind = self._labels.is_label(self._state)
            if self._behind or not self._state:
                held = "" if self._behind else self._held
                self._state, self._held = NOWHERE, ""
                return held + self._behind_label(piece[place + 1 :])
        return "" if self._state else self._behind_label(piece)

    def finish(self) -> str:
        held, self._held, self._state = self._held, "", NOWHERE
        return held

    def _behind_label(self, text: str) -> str:
        if self._behind:
            text = text.lstrip("*_ ")
            self._behind = not text
        return text
