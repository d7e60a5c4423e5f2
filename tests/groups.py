"""A plugin that has tests of one `xdist_group` run by one worker, which xdist forgets.

xdist 3.8 adds the group to a name of a test that pytest reads no more since 9.2:
https://github.com/pytest-dev/pytest-xdist/issues/1386
"""

from typing import cast

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the name that it should have had."""
    for item in items:
        named = cast("str | None", getattr(item, "_nodeid", None))
        if named is not None and named != item.nodeid:
            item._id = type(item.id).parse(named)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - there is no other way
