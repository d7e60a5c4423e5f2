"""Who listens at an address of this machine."""

import errno
import os
import socket
from pathlib import Path
from typing import Final

import httpx2
import msgspec

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, Said, fail, ok
from rhapsode.client import answers, find_address
from rhapsode.settings.shape import ServerSettings

_LISTENS: Final = "0A"
_WILD: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - of others, never listened at
_SECONDS: Final = 1.0


class _Live(msgspec.Struct, frozen=True):
    server: str = ""


def check_ports(server: ServerSettings) -> list[Finding]:
    """Of callers, and of administrators where they have one of their own."""
    is_safe = bool(server.tls_cert)
    found = [_check("port", server.host, server.port, words.PORT_TAKEN_FIX, is_safe=is_safe)]
    if server.admin_port is None:
        return found
    if server.admin_port == server.port != 0:
        facts = {"port": server.port}
        return [*found, fail("admin port", words.ADMIN_PORT_SAME, words.ADMIN_PORT_FIX, **facts)]
    return [*found, _check("admin port", server.admin_host, server.admin_port, words.ADMIN_PORT_FIX, is_safe=is_safe)]


def _check(check: str, host: str, port: int, fix: Said, *, is_safe: bool) -> Finding:
    """Whether a server could listen there, or one of ours does."""
    where = f"{host}:{port}"
    if port == 0:
        return ok(check, words.PORT_ANY)
    fault = _try(host, port)
    if fault is None:
        return ok(check, words.PORT_FREE, where=where)
    if fault.errno != errno.EADDRINUSE:
        return fail(check, words.PORT_REFUSED, words.PORT_REFUSED_FIX, where=where, reason=fault.strerror or str(fault))
    who = _who_listens(port)
    if _is_ours(_WILD.get(host, host), port, is_safe=is_safe):
        return ok(check, words.PORT_OURS, where=where, who=who)
    return fail(check, words.PORT_TAKEN, fix, where=where, who=who)


def _is_ours(host: str, port: int, *, is_safe: bool) -> bool:
    near = f"[{host}]" if ":" in host else host
    if not is_safe:
        return answers(find_address(f"http://{near}:{port}", None, None, {}))
    try:
        # A certificate is for a name, and this machine is asked by its number. Nothing secret is said.
        answer = httpx2.get(f"https://{near}:{port}/health/live", verify=False, trust_env=False, timeout=_SECONDS)
        return msgspec.json.decode(answer.content, type=_Live).server == "rhapsode"
    except (httpx2.HTTPError, OSError, msgspec.DecodeError):
        return False


def _try(host: str, port: int) -> OSError | None:
    """As the server does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(1)
        except OSError as fault:
            return fault
    return None


def _who_listens(port: int) -> str:
    """The name and id of the process, as far as this user may see it."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in sockets for link in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()}, {process.name}"
        except OSError:  # another user's, or gone
            continue
    return "?"


def _inodes(port: int) -> set[str]:
    """Of the sockets that listen at a port."""
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        try:
            rows = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for row in map(str.split, rows):
            if row[3] == _LISTENS and int(row[1].rpartition(":")[2], 16) == port:
                found.add(row[9])
    return found
