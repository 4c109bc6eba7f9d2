"""The recipe of an interface with a MAC of its own, taken apart again: what network managers have words for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hairpin_doctor.fixes.changes import (
    Change,
    FdbEntry,
    InterfaceAddress,
    LinkState,
    MacvlanLink,
    RouteEntry,
    Sysctl,
)


@dataclass(frozen=True)
class OwnMacInterface:
    """A macvlan, its addresses and settings, whether the bridge below knows its MAC; `rest`: changes of another matter.

    `routes`: by which a speaker answers over IPv6; where there are any, the interface needs its link-local address too.
    """

    link: MacvlanLink
    addresses: tuple[str, ...]
    settings: tuple[Sysctl, ...]
    in_fdb: bool
    rest: tuple[Change, ...]
    routes: tuple[RouteEntry, ...] = ()


def own_mac_interface(changes: Sequence[Change]) -> OwnMacInterface | None:
    """The macvlan among the changes with all that is set on it; None where there is none, or more than one."""
    links = [each for each in changes if isinstance(each, MacvlanLink)]
    if len(links) != 1:
        return None
    link = links[0]
    known = FdbEntry(link.mac, link.base)
    mine = [each for each in changes if each.interface == link.name or each in (link, known)]
    return OwnMacInterface(
        link=link,
        addresses=tuple(each.address for each in mine if isinstance(each, InterfaceAddress)),
        settings=tuple(each for each in mine if isinstance(each, Sysctl)),
        in_fdb=known in mine,
        rest=tuple(each for each in changes if each not in mine and not isinstance(each, LinkState)),
        routes=tuple(each for each in mine if isinstance(each, RouteEntry)),
    )
