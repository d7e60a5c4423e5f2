"""The conversation of `rhapsode chat`: lines in, replies out, and the turns kept in between."""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rhapsode.cli.lines import Lines, PipedLines, TypedLines
from rhapsode.cli.screen import Screen, open_screen
from rhapsode.cli.target import Replier, open_replier
from rhapsode.cli.tell import tell
from rhapsode.client import BadRequest, ChatOptions
from rhapsode.core.chat import Bot, Finish, Role, Turn
from rhapsode.core.errors import RhapsodeError
from rhapsode.settings.home import find_home


def run_chat(
    *, bots: Sequence[Bot], user: str | None, model: str, max_tokens: int, base_url: str | None, home: Path | None
) -> None:
    """Talk until the lines end. Raises RhapsodeError; on a terminal only for what ends the conversation."""
    screen = open_screen()
    words = screen.words
    present = bots or [Bot(name=words.assistant_name, description=words.assistant_description)]
    options: ChatOptions = {"bots": present, "model": model, "max_tokens": max_tokens}
    place = find_home(home, os.environ)
    with open_replier(screen, place, base_url) as replier:
        speaker = user or words.user_name
        if screen.interactive:
            screen.note(words.how_to_leave)
            _Typed(screen, replier, options, speaker).go_on(TypedLines(f"{speaker}: ", place))
        else:
            _Piped(screen, replier, options, speaker).go_on(PipedLines())


class _Talk(ABC):
    """A conversation; how a reply is shown is up to the two kinds below."""

    def __init__(self, screen: Screen, replier: Replier, options: ChatOptions, user: str) -> None:
        self._screen = screen
        self._replier = replier
        self._options = options
        self._user = user
        self._bots = [bot.name for bot in _bots(options)]
        self._turns: tuple[Turn, ...] = ()

    def go_on(self, lines: Lines) -> None:
        """Take lines until they end."""
        while (line := lines.next_line()) is not None:
            if line.strip():
                self.take(line.strip())

    @abstractmethod
    def take(self, line: str) -> None:
        """One line."""

    def _reply_to(self, line: str) -> tuple[str, tuple[Turn, ...], ChatOptions]:
        """Who replies, to which turns, and how it is asked for. Raises BadRequest for a name that nobody has."""
        name, text = self._bots[0], line
        if line.startswith("@"):
            name, _, text = line[1:].partition(" ")
            # A name may hold blanks: the longest that fits is meant.
            fitting = [bot for bot in self._bots if line[1:].startswith((f"{bot} ", f"{bot}\t"))]
            if not fitting:
                raise BadRequest(self._screen.words.no_such_bot.format(name=name, names=", ".join(self._bots)))
            name = max(fitting, key=len)
            text = line[1 + len(name) :].strip()
        options = self._options.copy()
        options["reply_as"] = name
        return name, (*self._turns, Turn(role=Role.USER, speaker=self._user, text=text)), options

    def _keep(self, said: tuple[Turn, ...], name: str, heard: Sequence[str]) -> None:
        """Keep the turn and its reply, as far as it was heard; both or neither."""
        if text := "".join(heard):
            self._turns = (*said, Turn(role=Role.BOT, speaker=name, text=text))


class _Typed(_Talk):
    """On a terminal: the reply as it comes, Ctrl-C stops it, and an error does not end the conversation."""

    def take(self, line: str) -> None:
        """One line."""
        try:
            name, said, options = self._reply_to(line)
            heard: list[str] = []
            try:
                self._show(name, said, options, heard)
            except KeyboardInterrupt:
                self._screen.write("\n" if heard else "")
                self._screen.note(self._screen.words.stopped)
            self._keep(said, name, heard)
        except RhapsodeError as error:
            tell(error, self._screen)

    def _show(self, name: str, said: tuple[Turn, ...], options: ChatOptions, heard: list[str]) -> None:
        with closing(self._replier.reply(said, options)) as pieces:
            with self._screen.busy(self._screen.words.thinking.format(name=name)):
                piece = next(pieces)
            self._screen.label(name)
            while isinstance(piece, str):
                heard.append(piece)
                self._screen.write(piece)
                piece = next(pieces)
        self._screen.write("\n")
        self._explain(piece)

    def _explain(self, finish: Finish) -> None:
        words = self._screen.words
        match finish:
            case Finish.LENGTH:
                self._screen.note(words.cut_by_length.format(tokens=self._options.get("max_tokens")))
            case Finish.CONTEXT:
                self._screen.note(words.cut_by_context)
            case Finish.STOP:
                pass


class _Piped(_Talk):
    """Through a pipe: one reply a line, and the first error ends it."""

    def take(self, line: str) -> None:
        """One line."""
        name, said, options = self._reply_to(line)
        with closing(self._replier.reply(said, options)) as pieces:
            heard = [piece for piece in pieces if isinstance(piece, str)]
        self._keep(said, name, heard)
        self._screen.write(" ".join("".join(heard).split()) + "\n")


def _bots(options: ChatOptions) -> Sequence[Bot]:
    bots = options["bots"]
    return (bots,) if isinstance(bots, Bot) else bots
