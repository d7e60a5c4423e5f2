"""Traces, where the settings name a collector. Otherwise nothing of what makes them is imported."""

from rhapsode.core.errors import SettingsError
from rhapsode.telemetry.spans import Traces


def open_traces(endpoint: str, *, sample: float) -> Traces | None:
    """Where traces go; None for an empty `endpoint`. Raises `SettingsError` where the extra is not installed."""
    if not endpoint:
        return None
    try:
        from rhapsode.telemetry.traces import OtelTraces  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as missing:
        raise SettingsError(
            "traces.endpoint: traces need an extra that is not installed: pip install 'rhapsode[otel]'"
        ) from missing
    return OtelTraces(endpoint, sample=sample)
