"""Questions about interfaces, bridges and the forwarding database (FDB)."""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Question
from probes.target import Address


@dataclass(frozen=True)
class LinkAddress:
    """An address of an interface with its prefix length.

    `state`: "tentative" while its uniqueness is being checked and after that failed ("dadfailed"): nobody answers for it and
    no program can bind it (RFC 4862); None for any other, and in recordings older than this.
    """

    address: Address
    prefix_length: int
    state: str | None = None


@dataclass(frozen=True)
class BridgeSettings:
    """What a bridge device itself is set to; `nf_call_iptables` is the bridge's own switch, ORed with the sysctl.

    `nf_call_ip6tables`: the same for IPv6 frames; False in older recordings.
    `vlans`: the VLANs whose frames go up to the bridge device itself; empty where it does not filter by VLAN.
    """

    vlan_filtering: bool
    nf_call_iptables: bool
    stp: bool
    multicast_snooping: bool
    vlans: tuple[PortVlan, ...] = ()
    nf_call_ip6tables: bool = False


@dataclass(frozen=True)
class PortVlan:
    """A VLAN that a port belongs to: `pvid` takes untagged frames in, `untagged` sends them out without a tag.

    `last`: of a range of VLANs of the same kind, as a trunk port has thousands (`bridge-vids 2-4094`); None for one VLAN.
    """

    vid: int
    pvid: bool
    untagged: bool
    last: int | None = None

    def holds(self, vid: int) -> bool:
        """Whether this VLAN, or one of this range, has that number."""
        return self.vid <= vid <= (self.vid if self.last is None else self.last)


@dataclass(frozen=True)
class PortSettings:
    """Flags of one bridge port; `state` is STP's: disabled, listening, learning, forwarding, blocking.

    `vlans` is empty where the bridge does not filter by VLAN. `multicast_flood` is None in older recordings.
    """

    hairpin_mode: bool
    learning: bool
    isolated: bool
    state: str
    unicast_flood: bool
    vlans: tuple[PortVlan, ...] = ()
    multicast_flood: bool | None = None


@dataclass(frozen=True)
class Link:
    """One interface. `master` and `lower` are interface indexes; `kind` is rtnetlink's (bridge, macvlan, veth ...).

    `lower` is the device a macvlan or VLAN sits on (IFLA_LINK); None where it lies in another network namespace, and
    then `lower_elsewhere` is its index there. `vlan_id`: of a VLAN interface (802.1Q), the tag that it takes and gives.
    """

    index: int
    name: str
    kind: str | None
    mac: str | None
    permanent_mac: str | None
    mtu: int
    up: bool
    carrier: bool
    broadcast: bool
    arp: bool
    promiscuity: int
    master: int | None
    lower: int | None
    addresses: tuple[LinkAddress, ...]
    bridge: BridgeSettings | None
    port: PortSettings | None
    macvlan_mode: str | None
    lower_elsewhere: int | None = None
    vlan_id: int | None = None


@dataclass(frozen=True)
class Links(Question[tuple[Link, ...]]):
    """Every interface of the network namespace with its addresses. Needs no right."""


@dataclass(frozen=True)
class FdbEntry:
    """One FDB entry. `port` is the interface index it points to; `own` marks the bridge's or a port's own MAC.

    `bridge` is None for an address that a device merely receives, which is no forwarding entry.
    """

    mac: str
    port: int
    bridge: int | None
    vlan: int | None
    own: bool
    static: bool


@dataclass(frozen=True)
class ForwardingDatabase(Question[tuple[FdbEntry, ...]]):
    """The FDB entries of every bridge, unicast MACs only. Needs no right."""
