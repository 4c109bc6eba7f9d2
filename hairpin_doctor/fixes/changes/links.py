"""Interfaces that are made, removed, or set up, down, or to another MAC."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import Literal

from hairpin_doctor.fixes.changes.change import Change


@dataclass(frozen=True)
class _MadeLink(Change):
    name: str

    def undo(self) -> tuple[str, ...]:
        """Remove it."""
        return (f"ip link del {quote(self.name)}",)

    @property
    def creates(self) -> str | None:
        """The interface itself."""
        return self.name


@dataclass(frozen=True)
class MacvlanLink(_MadeLink):
    """A macvlan in mode bridge on `base`, down, with a MAC of its own and the MTU of its base."""

    base: str
    mac: str
    mtu: int

    def commands(self) -> tuple[str, ...]:
        """Make it, then set its MTU."""
        name = quote(self.name)
        return (
            f"ip link add link {quote(self.base)} name {name} address {self.mac} type macvlan mode bridge",
            f"ip link set {name} mtu {self.mtu}",
        )


@dataclass(frozen=True)
class VethPort(_MadeLink):
    """A veth, down, whose other end `port` is up and in `bridge`; both have the bridge's MTU, which a port could lower."""

    port: str
    bridge: str
    mac: str
    mtu: int

    def commands(self) -> tuple[str, ...]:
        """Make the pair, enslave the other end."""
        name, port = quote(self.name), quote(self.port)
        return (
            f"ip link add name {name} mtu {self.mtu} address {self.mac} type veth peer name {port} mtu {self.mtu}",
            f"ip link set {port} master {quote(self.bridge)} up",
        )


@dataclass(frozen=True)
class VlanLink(_MadeLink):
    """A VLAN interface, down, on `base` with the tag `vid`."""

    base: str
    vid: int

    def commands(self) -> tuple[str, ...]:
        """Make it."""
        return (f"ip link add link {quote(self.base)} name {quote(self.name)} type vlan id {self.vid}",)


@dataclass(frozen=True)
class RemovedLink(Change):
    """The interface that one of ours made is gone; one of another kind under that name is left alone."""

    name: str
    link_kind: Literal["macvlan", "veth", "vlan"]

    def commands(self) -> tuple[str, ...]:
        """ip link del."""
        return (f"ip link del {quote(self.name)}",)

    def undo(self) -> tuple[str, ...]:
        """Only ever an undo itself."""
        return ()


@dataclass(frozen=True)
class LinkState(Change):
    """The interface is set up, or down."""

    name: str
    up: bool = True

    def commands(self) -> tuple[str, ...]:
        """ip link set up or down."""
        return (f"ip link set {quote(self.name)} {'up' if self.up else 'down'}",)

    def undo(self) -> tuple[str, ...]:
        """The other one."""
        return (f"ip link set {quote(self.name)} {'down' if self.up else 'up'}",)

    @property
    def interface(self) -> str | None:
        """The interface itself."""
        return self.name


@dataclass(frozen=True)
class LinkMtu(Change):
    """The interface has this MTU, in bytes. `before`: the one that was seen."""

    name: str
    mtu: int
    before: int

    def commands(self) -> tuple[str, ...]:
        """ip link set mtu."""
        return (f"ip link set dev {quote(self.name)} mtu {self.mtu}",)

    def undo(self) -> tuple[str, ...]:
        """The MTU that was seen."""
        return (f"ip link set dev {quote(self.name)} mtu {self.before}",)

    @property
    def interface(self) -> str | None:
        """The interface itself."""
        return self.name


@dataclass(frozen=True)
class LinkMac(Change):
    """The interface has this MAC. On a bridge this pins it: ports that come and go no longer change it."""

    name: str
    mac: str
    before: str | None = None

    def commands(self) -> tuple[str, ...]:
        """ip link set address."""
        return (f"ip link set dev {quote(self.name)} address {self.mac}",)

    def undo(self) -> tuple[str, ...]:
        """The MAC that was seen, if it was another one."""
        if self.before in (None, self.mac):
            return ()
        return (f"ip link set dev {quote(self.name)} address {self.before}",)

    @property
    def interface(self) -> str | None:
        """The interface itself."""
        return self.name
