"""Answers from rtnetlink about interfaces and the FDB, by pyroute2. Missing attributes are None there, never an error."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Any

from pyroute2 import IPRoute

from probes.questions.links import (
    BridgeSettings,
    FdbEntry,
    ForwardingDatabase,
    Link,
    LinkAddress,
    Links,
    PortSettings,
    PortVlan,
)

# linux/if.h
IFF_UP, IFF_BROADCAST, IFF_NOARP, IFF_LOWER_UP = 0x1, 0x2, 0x80, 0x10000
IFA_F_DADFAILED, IFA_F_TENTATIVE = 0x08, 0x40  # linux/if_addr.h
# linux/neighbour.h
NUD_NOARP, NUD_PERMANENT = 0x40, 0x80
VLAN_PVID, VLAN_UNTAGGED = 0x2, 0x4  # linux/if_bridge.h: BRIDGE_VLAN_INFO_*
STP_STATES = {0: "disabled", 1: "listening", 2: "learning", 3: "forwarding", 4: "blocking"}
OTHER_NAMESPACE = "IFLA_LINK_NETNSID"


def links(_: Links) -> tuple[Link, ...]:
    """Every interface with its addresses."""
    with IPRoute() as netlink:
        addresses: dict[int, list[LinkAddress]] = {}
        for message in netlink.get_addr():
            text = message.get("IFA_LOCAL") or message.get("IFA_ADDRESS")
            entry = LinkAddress(ipaddress.ip_address(text), message["prefixlen"], _state(message))
            addresses.setdefault(message["index"], []).append(entry)
        messages = list(netlink.get_links())
        filtering = any(message.get(("linkinfo", "data", "br_vlan_filtering")) for message in messages)
        vlans = {m["index"]: port_vlans(m) for m in netlink.get_vlans()} if filtering else {}
        return tuple(
            _link(message, addresses.get(message["index"], []), vlans.get(message["index"], ()))
            for message in messages
        )


def _state(message: Any) -> str | None:
    flags = message.get("IFA_FLAGS") or message["flags"]
    if flags & IFA_F_DADFAILED:
        return "dadfailed"
    return "tentative" if flags & IFA_F_TENTATIVE else None


def port_vlans(message: Any) -> tuple[PortVlan, ...]:
    """The VLANs of one message of RTM_GETLINK for AF_BRIDGE with RTEXT_FILTER_BRVLAN (linux/if_bridge.h).

    Neighbouring VLANs with the same flags become one range.
    """
    specification = message.get("IFLA_AF_SPEC")
    found: list[PortVlan] = []
    for each in specification.get_attrs("IFLA_BRIDGE_VLAN_INFO") if specification else []:
        one = PortVlan(each["vid"], bool(each["flags"] & VLAN_PVID), bool(each["flags"] & VLAN_UNTAGGED))
        if found and _continues(found[-1], one):
            found[-1] = replace(found[-1], last=one.vid)
        else:
            found.append(one)
    return tuple(found)


def _continues(before: PortVlan, one: PortVlan) -> bool:
    alike = (before.pvid, before.untagged) == (one.pvid, one.untagged)
    return alike and not one.pvid and one.vid == (before.last or before.vid) + 1


def _link(message: Any, addresses: list[LinkAddress], vlans: tuple[PortVlan, ...]) -> Link:
    flags = message["flags"]
    lower, here = message.get("IFLA_LINK"), message.get(OTHER_NAMESPACE) is None
    return Link(
        index=message["index"],
        name=message.get("IFLA_IFNAME"),
        kind=message.get(("linkinfo", "kind")),
        mac=message.get("IFLA_ADDRESS"),
        permanent_mac=message.get("IFLA_PERM_ADDRESS"),
        mtu=message.get("IFLA_MTU"),
        up=bool(flags & IFF_UP),
        carrier=bool(flags & IFF_LOWER_UP),
        broadcast=bool(flags & IFF_BROADCAST),
        arp=not flags & IFF_NOARP,
        promiscuity=message.get("IFLA_PROMISCUITY") or 0,
        master=message.get("IFLA_MASTER"),
        lower=lower if here else None,
        addresses=tuple(addresses),
        bridge=_bridge(message, vlans),
        port=_port(message, vlans),
        macvlan_mode=message.get(("linkinfo", "data", "macvlan_mode")),
        lower_elsewhere=None if here else lower,
        vlan_id=message.get(("linkinfo", "data", "vlan_id")),
    )


def _bridge(message: Any, vlans: tuple[PortVlan, ...]) -> BridgeSettings | None:
    if message.get(("linkinfo", "kind")) != "bridge":
        return None
    setting = {key: message.get(("linkinfo", "data", f"br_{key}")) for key in BRIDGE_KEYS}
    return BridgeSettings(
        vlan_filtering=bool(setting["vlan_filtering"]),
        nf_call_iptables=bool(setting["nf_call_iptables"]),
        stp=bool(setting["stp_state"]),
        multicast_snooping=bool(setting["mcast_snooping"]),
        vlans=vlans if setting["vlan_filtering"] else (),
        nf_call_ip6tables=bool(setting["nf_call_ip6tables"]),
    )


BRIDGE_KEYS = ("vlan_filtering", "nf_call_iptables", "nf_call_ip6tables", "stp_state", "mcast_snooping")


def _port(message: Any, vlans: tuple[PortVlan, ...]) -> PortSettings | None:
    if message.get(("linkinfo", "slave_kind")) != "bridge":
        return None
    setting = {key: message.get(("linkinfo", "slave_data", key)) for key in PORT_KEYS}
    return PortSettings(
        hairpin_mode=bool(setting["mode"]),
        learning=bool(setting["learning"]),
        isolated=bool(setting["isolated"]),
        state=STP_STATES.get(setting["state"], "unknown"),
        unicast_flood=bool(setting["unicast_flood"]),
        vlans=vlans,
        multicast_flood=bool(setting["mcast_flood"]),
    )


PORT_KEYS = ("mode", "learning", "isolated", "state", "unicast_flood", "mcast_flood")


def forwarding_database(_: ForwardingDatabase) -> tuple[FdbEntry, ...]:
    """Unicast FDB entries; a permanent entry that is the bridge's or a port's own MAC is `own`."""
    with IPRoute() as netlink:
        own = {(m["index"], m.get("IFLA_ADDRESS")) for m in netlink.get_links()}
        return tuple(
            FdbEntry(
                mac=message.get("NDA_LLADDR"),
                port=message["ifindex"],
                bridge=message.get("NDA_MASTER"),
                vlan=message.get("NDA_VLAN"),
                own=bool(message["state"] & NUD_PERMANENT)
                and (message["ifindex"], message.get("NDA_LLADDR")) in own,
                static=bool(message["state"] & (NUD_NOARP | NUD_PERMANENT)),
            )
            for message in netlink.fdb("dump")
            if message.get("NDA_LLADDR") and not int(message.get("NDA_LLADDR")[:2], 16) & 1
        )
