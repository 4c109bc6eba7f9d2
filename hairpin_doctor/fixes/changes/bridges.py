"""Settings of a bridge: flags of its ports, its own switches, entries of its forwarding database."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import ClassVar, Literal

from hairpin_doctor.fixes.changes.change import Change

Flag = Literal["hairpin", "learning", "isolated", "mcast_flood", "state"]
STATES = {"disabled": 0, "listening": 1, "learning": 2, "forwarding": 3, "blocking": 4}
"""STP states by number (linux/if_bridge.h)."""


@dataclass(frozen=True)
class BridgePortFlag(Change):
    """A flag of a bridge port: 1 or 0, for `state` a number of STATES. `before`: the other one, as the scan saw it."""

    port: str
    flag: Flag
    value: int
    before: int

    def commands(self) -> tuple[str, ...]:
        """bridge link set."""
        return (self._set(self.value),)

    def undo(self) -> tuple[str, ...]:
        """The value that was seen."""
        return (self._set(self.before),)

    def _set(self, value: int) -> str:
        text = str(value) if self.flag == "state" else ("on" if value else "off")
        return f"bridge link set dev {quote(self.port)} {self.flag} {text}"

    @property
    def interface(self) -> str | None:
        """The port."""
        return self.port


@dataclass(frozen=True)
class _Switch(Change):
    """One of a bridge's own switches, by its name in ip-link(8). `before`: as the scan saw it."""

    setting: ClassVar[str]

    bridge: str
    enabled: bool
    before: bool

    def commands(self) -> tuple[str, ...]:
        """ip link set type bridge."""
        return (self._set(self.enabled),)

    def undo(self) -> tuple[str, ...]:
        """The value that was seen; none where it was that already."""
        return (self._set(self.before),) if self.before != self.enabled else ()

    def _set(self, enabled: bool) -> str:
        return f"ip link set {quote(self.bridge)} type bridge {self.setting} {int(enabled)}"


@dataclass(frozen=True)
class BridgeNetfilter(_Switch):
    """Whether a bridge shows its frames to iptables; ORed with net.bridge.bridge-nf-call-iptables."""

    setting = "nf_call_iptables"


@dataclass(frozen=True)
class BridgeNetfilterIpv6(_Switch):
    """Whether a bridge shows its IPv6 frames to ip6tables; ORed with net.bridge.bridge-nf-call-ip6tables."""

    setting = "nf_call_ip6tables"


@dataclass(frozen=True)
class BridgeSnooping(_Switch):
    """Whether a bridge snoops IGMP and MLD; one that does not floods all multicast."""

    setting = "mcast_snooping"

    @property
    def interface(self) -> str | None:
        """The bridge."""
        return self.bridge


Membership = Literal["none", "tagged", "untagged", "access"]
"""How a port belongs to a VLAN; `access`: frames without a tag are filed under it (PVID), and go out without one."""


@dataclass(frozen=True)
class BridgeVlan(Change):
    """The membership of a port, or with `scope` "self" of a bridge itself, in one VLAN of a bridge that filters by VLAN.

    `before`: as the scan saw it. `access_before`: the VLAN that was the port's access VLAN, which a new one takes that from.
    """

    device: str
    vlan: int
    membership: Membership = "tagged"
    scope: Literal["master", "self"] = "master"
    before: Membership = "none"
    access_before: int | None = None

    def commands(self) -> tuple[str, ...]:
        """bridge vlan add or del."""
        return (self._set(self.vlan, self.membership),)

    def undo(self) -> tuple[str, ...]:
        """As it was seen, the access VLAN of before included."""
        back = [f"bridge vlan del {self._which(self.vlan)}"]
        if self.before != "none":
            back.append(self._set(self.vlan, self.before))
        if self.membership == "access" and self.access_before not in (None, self.vlan):
            back.append(self._set(self.access_before, "access"))
        return tuple(back)

    def _set(self, vlan: int | None, membership: Membership) -> str:
        words = {"access": " pvid untagged", "untagged": " untagged"}.get(membership, "")
        if membership == "none":
            return f"bridge vlan del {self._which(vlan)}"
        return f"bridge vlan add {self._which(vlan)}{words}"

    def _which(self, vlan: int | None) -> str:
        return f"dev {quote(self.device)} vid {vlan}{' self' if self.scope == 'self' else ''}"

    @property
    def interface(self) -> str | None:
        """The port or bridge."""
        return self.device


@dataclass(frozen=True)
class FdbEntry(Change):
    """An entry of a forwarding database that does not age: `self` takes frames up at a bridge, `master` out by a port.

    A *permanent* entry of a port would be the bridge's own address there: frames go up and never out by the port. What
    is behind a port gets a *static* one (NUD_NOARP; fdb_to_nud and fdb_add_entry, net/bridge/br_fdb.c).
    """

    mac: str
    device: str
    scope: Literal["self", "master"] = "self"
    present: bool = True

    def commands(self) -> tuple[str, ...]:
        """bridge fdb add or del."""
        return (self._command(self.present),)

    def undo(self) -> tuple[str, ...]:
        """The opposite."""
        return (self._command(not self.present),)

    def _command(self, present: bool) -> str:
        words = f"{self.mac} dev {quote(self.device)} {self.scope}"
        lasting = "permanent" if self.scope == "self" else "static"
        return f"bridge fdb add {words} {lasting}" if present else f"bridge fdb del {words}"

    @property
    def interface(self) -> str | None:
        """The device."""
        return self.device
