"""A missing model: said what would be done, asked, fetched, and the work begun again."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

from rhapsode.cli.screen import Screen
from rhapsode.core.errors import ModelMissing
from rhapsode.models.pull import plan_pull, pull_model
from rhapsode.settings.home import Home

ResultT = TypeVar("ResultT")


def with_models(screen: Screen, home: Home, work: Callable[[], ResultT]) -> ResultT:
    """What `work` gives; where it lacks a model, and somebody agrees, the model is fetched and it is done again."""
    try:
        return work()
    except ModelMissing as missing:
        if not screen.can_ask:
            raise
        screen.note(f"{missing.message}\n{plan_pull(missing.model, home.models)}")
        if not screen.agree(screen.words.ask_to_fetch):
            raise
        fetch(screen, home, missing.model)
    return work()


@contextmanager
def enter_fetching(
    screen: Screen, home: Home, opens: Callable[[], AbstractContextManager[ResultT]]
) -> Generator[ResultT]:
    """As `with_models`, for what is opened and closed."""
    with ExitStack() as stack:
        yield with_models(screen, home, lambda: stack.enter_context(opens()))


def fetch(screen: Screen, home: Home, model: str) -> None:
    """Fetch a model, with a word about what happens. Raises SettingsError, StorageError, EngineMissing."""
    home.prepare()
    with screen.busy(f"{model} ..."):
        pull_model(model, directory=home.models, report=screen.note)
