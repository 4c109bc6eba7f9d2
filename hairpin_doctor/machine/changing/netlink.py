"""One rtnetlink conversation at a time, with errors in words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hairpin_doctor.machine.changing.found import CannotChange, NoInterface

AF_BRIDGE = 7  # linux/socket.h


def load() -> None:
    """Import now what would be imported later, for a process that must not fail for want of a file then."""
    import pyroute2
    import yaml  # noqa: F401 - for manifests

    with pyroute2.IPRoute() as route:
        route.get_links()


@contextmanager
def netlink(what: str) -> Iterator[Any]:
    """An IPRoute in this thread's network namespace. Raises CannotChange, which says `what` the kernel refused and why."""
    from pyroute2 import IPRoute, NetlinkError

    try:
        with IPRoute() as route:
            yield route
    except NetlinkError as error:
        reason = os.strerror(error.code) if error.code else str(error)
        raise CannotChange(f"{what}: the kernel says {reason!r}") from None


def link(route: Any, name: str) -> Any | None:
    """The link of that name, or None."""
    return next((each for each in route.get_links() if each.get("IFLA_IFNAME") == name), None)


def index(route: Any, name: str) -> int:
    """The index of an interface. Raises NoInterface if there is none."""
    found = link(route, name)
    if found is None:
        raise NoInterface(f"there is no interface {name}")
    number: int = found["index"]
    return number
