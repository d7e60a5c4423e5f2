"""Every check, in the order in which one thing needs another."""

from collections.abc import Iterator
from importlib.util import find_spec

from rhapsode.cli.checks import home, installed, machine, models, port, secret
from rhapsode.cli.checks.finding import Finding
from rhapsode.settings.home import Home
from rhapsode.settings.shape import Settings


def look(place: Home, *, online: bool) -> Iterator[Finding]:
    """Finding after finding.

    What needs the settings is left out where they cannot be read, and what a server needs where none is installed.
    """
    settings, of_settings = home.check_settings(place)
    serves = installed.can_serve()
    llama = serves and settings is not None and models.uses_llama(settings)
    yield machine.check_python()
    yield machine.check_processor(llama=llama)
    yield machine.check_memory(models.memory_of(settings) if serves and settings else 0)
    yield machine.check_disk(place.path)
    yield machine.check_clock()
    yield machine.check_ffmpeg()
    yield from installed.check_extras(() if settings is None else _needed(settings))
    yield from home.check_home(place)
    yield from secret.check_credentials(place)
    yield from secret.check_secret(place)
    yield from of_settings
    if settings is None or not serves:
        return
    yield from port.check_ports(settings.server)
    yield from models.check_models(settings, place.models)
    yield from _check_server(place, settings, online=online)


def _needed(settings: Settings) -> set[str]:
    """The extras that the settings ask for."""
    needed = {"espeak"} if settings.speech.engines[settings.speech.default].kind == "espeak" else set[str]()
    if settings.database.url_env or settings.database.url.startswith("postgres"):
        needed.add("postgres")
    if settings.limits.redis_url or settings.limits.redis_url_env:
        needed.add("redis")
    if settings.traces.endpoint:
        needed.add("otel")
    return needed


def _check_server(place: Home, settings: Settings, *, online: bool) -> Iterator[Finding]:
    """What needs the packages of the extra `server`."""
    from rhapsode.cli.checks.certificate import check_certificate  # noqa: PLC0415
    from rhapsode.cli.checks.engines import check_engines  # noqa: PLC0415
    from rhapsode.cli.checks.stores import check_database  # noqa: PLC0415
    from rhapsode.cli.checks.upstreams import check_upstreams  # noqa: PLC0415
    from rhapsode.cli.checks.voices import check_voices  # noqa: PLC0415
    from rhapsode.telemetry.logs import configure_logs  # noqa: PLC0415

    configure_logs(json=False, level="error")
    yield from check_certificate(place)
    yield from check_voices(settings)
    yield from check_engines(place, settings)
    yield from check_database(place, settings)
    if find_spec("redis") is not None:
        from rhapsode.cli.checks.redis import check_redis  # noqa: PLC0415 - an extra

        yield from check_redis(place, settings.limits)
    if online:
        yield from check_upstreams(settings)
