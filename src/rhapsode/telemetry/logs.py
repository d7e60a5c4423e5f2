"""Logs: one line an event on standard error, and never a key in one."""

import logging
import sys
from collections.abc import MutableMapping, Sequence
from typing import Literal, TextIO

import structlog

from rhapsode.telemetry.call_line import CallLine
from rhapsode.telemetry.masking import mask

LogLevel = Literal["debug", "info", "warning", "error"]


def configure_logs(*, json: bool, level: LogLevel, stream: TextIO | None = None) -> None:
    """Send structlog's events and those of the standard library through one masking formatter.

    `stream` is standard error unless given. `json` writes an object a line, for machines; otherwise the line is for
    people. Uvicorn must be started with `log_config=None`; its access log is silent. Calling again replaces what was
    set.
    """
    target: TextIO = sys.stderr if stream is None else stream
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    # Plain tracebacks: the pretty ones print local variables, and those hold callers' text.
    person = structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback)
    line = structlog.processors.JSONRenderer(ensure_ascii=False) if json else person
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        _Formatter(
            as_json=json,
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _OneMaskedLine(line)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)
    logging.getLogger("uvicorn.error").setLevel(
        max(logging.WARNING, root.level)
    )  # its comings and goings are ours to tell
    logging.getLogger("alembic").setLevel(logging.WARNING)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Passes the lines of calls by the chain: their fields are few, known, and masked one by one."""

    def __init__(
        self,
        *,
        as_json: bool,
        foreign_pre_chain: Sequence[structlog.types.Processor],
        processors: Sequence[structlog.types.Processor],
    ) -> None:
        super().__init__(foreign_pre_chain=foreign_pre_chain, processors=processors)
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Of the standard library."""
        line: object = record.msg
        if isinstance(line, CallLine):
            return line.as_json() if self._as_json else str(line)
        return super().format(record)


class _OneMaskedLine:
    """Masks the finished line, so that no field, however deep, and no traceback is forgotten."""

    def __init__(self, line: structlog.types.Processor) -> None:
        self._line = line

    def __call__(self, logger: object, method: str, event: MutableMapping[str, object]) -> str:
        text = mask(str(self._line(logger, method, event)))
        return text.replace("\r", "\\r").replace("\n", "\\n")
