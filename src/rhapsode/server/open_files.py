"""How many connections the system lets a process have."""

import sys


def allow_many_files() -> None:
    """Ask for as many open files as are to be had: common systems give 1,024 at first, and a connection is one."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - there is none for Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (ValueError, OSError):  # macOS says that there is no end, and has one
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 10_240), hard), hard))
