"""`rhapsode doctor` as it is typed, in this process, whose logs and environment it leaves as they were."""

import json
import logging
from pathlib import Path
from typing import Any

import structlog
from typer.testing import CliRunner, Result

from rhapsode.cli.main import app


def typed(home: Path, *arguments: str, **env: str) -> Result:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        return CliRunner().invoke(
            app,
            ["doctor", "--home", str(home), *arguments],
            env={"RHAPSODE_HOME": None, "RHAPSODE_SECRET": None, "LC_ALL": "C.UTF-8", **env},
        )
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


def look(home: Path, *arguments: str, status: int = 0, settings: str | None = None, **env: str) -> dict[str, Any]:
    """The findings by what they are about."""
    if settings is not None:
        home.mkdir(mode=0o700, exist_ok=True)
        (home / "rhapsode.toml").write_text(settings, encoding="utf-8")
    done = typed(home, "--json", *arguments, **env)
    assert done.exit_code == status, (done.output, done.exception)
    return {finding["check"]: finding for finding in json.loads(done.stdout)}
