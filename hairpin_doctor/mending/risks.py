"""What each kind of change risks and could break, in words for whoever decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hairpin_doctor.fixes import changes as c

Level = Literal["low", "medium", "high"]
LEVELS: tuple[Level, ...] = ("low", "medium", "high")


@dataclass(frozen=True)
class Risk:
    """How much is at stake, and what could break; one sentence each."""

    level: Level
    could_break: tuple[str, ...]


OF_KIND: dict[type[c.Change], tuple[Level, str]] = {
    c.BridgeNetfilter: ("medium", "Rules that count on seeing bridged frames no longer do, or new ones do."),
    c.BridgeNetfilterIpv6: ("medium", "Rules that count on seeing bridged frames no longer do, or new ones do."),
    c.BridgePortFlag: ("low", "Only frames of that one port take another way."),
    c.BridgeSnooping: ("low", "Multicast reaches every port, also those that want none: heavy streams may fill slow links."),
    c.BridgeVlan: ("medium", "Frames of that VLAN reach, or no longer reach, what is behind the port."),
    c.Deletion: ("high", "Clients that were served by the deleted objects lose the VIP until the rest is done."),
    c.FdbEntry: ("low", "Frames to that one MAC take another way."),
    c.ForgottenFlow: ("low", "Nothing: the next packet of the flow is translated anew."),
    c.ForgottenNeighbour: ("low", "Nothing: the next packet resolves the address anew."),
    c.InterfaceAddress: ("medium", "Connections that use the address end where it is taken away."),
    c.IptablesRule: ("medium", "Packets that the rule matches take another way from now on, wanted ones and others."),
    c.LinkMac: ("medium", "Neighbours keep the old MAC until they ask again; DHCP may hand out another address."),
    c.LinkMtu: ("low", "A bridge without an MTU of its own takes the smallest of its ports' MTUs."),
    c.LinkState: ("medium", "What was kept apart by the interface being down is connected."),
    c.MacvlanLink: ("low", "The interface below becomes promiscuous once more; on a bridge this changes nothing."),
    c.Manifest: ("medium", "The VIP may move between interfaces or nodes for a moment."),
    c.NeighbourEntry: ("low", "Whoever set the entry may have had a reason; the next packet resolves it anew."),
    c.NftRule: ("medium", "Packets that the rule matches pass from now on, wanted ones and others."),
    c.Patch: ("medium", "Every client of the Service is treated by the new settings at once."),
    c.PolicyRule: ("medium", "All traffic to that prefix is routed by the main table, whatever a VPN wanted."),
    c.RestartedDaemonSet: ("medium", "While its pods restart, changes of Services wait; existing rules stay."),
    c.RouteEntry: ("medium", "All traffic to that destination takes the new way."),
    c.Sysctl: ("medium", "The setting holds for all traffic of that interface, or of the machine if none is named."),
    c.VethPort: ("medium", "A new port can change the MAC and the MTU of a bridge that has not pinned its own."),
    c.VlanLink: ("low", "The interface is new; nothing uses it yet."),
}  # fmt: skip


def _of(change: c.Change) -> tuple[Level, str]:
    if isinstance(change, c.InterfaceAddress) and change.present:
        return "low", "Another machine that has the address would collide with it."
    if isinstance(change, c.LinkMac) and change.mac == change.before:
        return "low", f"{change.name} keeps its MAC, and no longer changes it with its ports."
    return OF_KIND[type(change)]


def risk_of(changes: Iterable[c.Change]) -> Risk:
    """The highest level of any, and every sentence once; what is set on an interface that they make hits nobody else."""
    chosen = tuple(changes)
    made = {change.creates for change in chosen} - {None}
    found = [_of(change) for change in chosen if change.interface not in made and type(change) in OF_KIND]
    level = max((LEVELS.index(each) for each, _ in found), default=0)
    return Risk(LEVELS[level], tuple(dict.fromkeys(text for _, text in found)))
