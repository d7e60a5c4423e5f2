"""A file on a hub, as the tests pull it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rhapsode.models.download import Patience
from rhapsode.models.entry import Model
from rhapsode.models.events import Moved, PullEvent
from rhapsode.models.hub import Hubs
from rhapsode.models.part import part_files
from rhapsode.models.pull import pull_model
from tests.models.entries import hub_entry
from tests.models.hub import Hub

CONTENT: Final = b"GGUF" + bytes(range(256)) * 4000
DIGEST: Final = hashlib.sha256(CONTENT).hexdigest()
QUICK: Final = Patience(tries=3, first=0.0, longest=30.0, silence=20.0)


@dataclass(frozen=True)
class Pull:
    """Pulls from `hub` into the directory of `target`, and gives what was told, without the bytes that moved."""

    hub: Hub
    target: Path

    def __call__(
        self, name: str = "tiny", *, entry: Model | None = None, hubs: Hubs | None = None, patience: Patience = QUICK
    ) -> list[PullEvent]:
        told: list[PullEvent] = []
        pull_model(
            name,
            directory=self.target.parent,
            hubs=hubs or self.hub.hubs,
            tell=told.append,
            known=(entry or hub_entry(CONTENT),),
            patience=patience,
        )
        return [event for event in told if not isinstance(event, Moved)]


def leave_part(target: Path, content: bytes, sha256: str = DIGEST, size: int | None = len(CONTENT)) -> None:
    """What a killed process leaves."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part, note = part_files(target)
    part.write_bytes(content)
    note.write_text(json.dumps({"sha256": sha256, "size": size}))


def ranges(hub: Hub, server: str = "cdn") -> list[str | None]:
    """What each request to a server asked for."""
    return [asked.headers.get("Range") for asked in hub.asked_of(server)]
