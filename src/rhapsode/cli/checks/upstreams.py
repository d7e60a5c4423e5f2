"""The other servers that the settings name: whether each answers, and takes the key. `--online` asks them."""

import os
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2
import msgspec

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, fail, ok, warn
from rhapsode.cli.checks.skew import check_skew
from rhapsode.core.errors import SettingsError
from rhapsode.engines.upstream.address import interface
from rhapsode.engines.upstream.headers import HeaderSource, read_headers
from rhapsode.engines.upstream.key import read_key
from rhapsode.settings.shape import Settings

SECONDS: Final = 10.0

_KEY_REFUSED: Final = (401, 403)
_FAILED: Final = 500


class _Options(msgspec.Struct, frozen=True):
    """What is needed of them to ask."""

    base_url: str
    api_key_env: str = ""
    api_key_file: str = ""
    headers: dict[str, HeaderSource] = {}
    ca_file: str = ""
    proxy: str = ""


def check_upstreams(settings: Settings) -> list[Finding]:
    """Two findings a server: that it answers, and its clock; the web search too."""
    found: list[Finding] = []
    for name, options in _upstreams(settings):
        found += _check(name, options)
    if settings.search.url:
        found += _ask("search", settings.search.url, {}, _Options(base_url=settings.search.url))
    return found


def _upstreams(settings: Settings) -> Iterator[tuple[str, Mapping[str, object]]]:
    for ability, engines in (("chat", settings.chat.engines), ("embed", settings.embed.engines)):
        for name, setting in engines.items():
            if setting.kind in {"openai", "minimax"}:
                yield f"{ability} engine {name}", setting.options


def _check(name: str, options: Mapping[str, object]) -> list[Finding]:
    try:
        chosen = msgspec.convert(dict(options), _Options)
        key = read_key(env=chosen.api_key_env, file=chosen.api_key_file, environment=os.environ)
        headers = read_headers(chosen.headers, key=key, environment=os.environ)
        url = f"{interface(chosen.base_url)}/models"
    except (SettingsError, msgspec.ValidationError):  # which `check_engines` has told
        return []
    return _ask(name, url, headers, chosen)


def _ask(name: str, url: str, headers: Mapping[str, str], options: _Options) -> list[Finding]:
    began = time.perf_counter()
    try:
        with httpx2.Client(
            trust_env=False,
            timeout=SECONDS,
            proxy=options.proxy or None,
            verify=options.ca_file or True,
        ) as http:
            answer = http.get(url, headers=dict(headers))
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        return [fail(name, words.UPSTREAM_SILENT, words.UPSTREAM_FIX, url=url, reason=type(error).__name__)]
    facts = {"url": url, "status": answer.status_code, "milliseconds": round(1000 * (time.perf_counter() - began))}
    if answer.status_code in _KEY_REFUSED:
        return [fail(name, words.UPSTREAM_REFUSES, words.UPSTREAM_KEY_FIX, **facts)]
    if answer.status_code >= _FAILED:
        return [warn(name, words.UPSTREAM_FAILS, words.UPSTREAM_FIX, **facts)]
    return [ok(name, words.UPSTREAM, **facts), *_check_clock(name, answer.headers.get("date"))]


def _check_clock(name: str, date: str | None) -> list[Finding]:
    try:
        ahead = parsedate_to_datetime(date or "").timestamp() - time.time()
    except ValueError:
        return []
    return [check_skew(f"{name} clock", ahead)]
