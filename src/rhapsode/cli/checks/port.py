"""Who listens at an address of this machine."""

import errno
import os
import socket
from pathlib import Path
from typing import Final

from rhapsode.cli.checks import words
from rhapsode.cli.checks.finding import Finding, fail, ok
from rhapsode.client import answers, find_address

_LISTENS: Final = "0A"
_WILD: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - of others, never listened at


def check_port(check: str, host: str, port: int) -> Finding:
    """Whether a server could listen there, or one of ours does."""
    where = f"{host}:{port}"
    if port == 0:
        return ok(check, words.PORT_ANY)
    fault = _try(host, port)
    if fault is None:
        return ok(check, words.PORT_FREE, where=where)
    if fault.errno != errno.EADDRINUSE:
        return fail(check, words.PORT_REFUSED, words.PORT_REFUSED_FIX, where=where, reason=fault.strerror or str(fault))
    near = _WILD.get(host, host)
    address = find_address(f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}", None, None, {})
    who = _who_listens(port)
    if answers(address):
        return ok(check, words.PORT_OURS, where=where, who=who)
    return fail(check, words.PORT_TAKEN, words.PORT_TAKEN_FIX, where=where, who=who)


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
