"""Which interfaces are there, of which kind, under which master, with which MAC, addresses and promiscuity?

Cannot see what hangs at the far end of a cable, nor interfaces of other network namespaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Scope, probe
from probes.questions.links import Link, Links
from probes.target import Address

STACKED = {"macvlan", "macvtap", "ipvlan", "vlan"}


@dataclass(frozen=True)
class InterfaceFacts:
    """All interfaces of the network namespace."""

    links: tuple[Link, ...]

    def by_name(self, name: str | None) -> Link | None:
        """The interface of this name."""
        return next((link for link in self.links if link.name == name), None)

    def by_index(self, index: int | None) -> Link | None:
        """The interface of this index."""
        return next((link for link in self.links if link.index == index), None)

    def by_mac(self, mac: str) -> tuple[Link, ...]:
        """Every interface that has this MAC; a bridge without a MAC of its own shares one with a port.

        Not a macvtap's: that MAC is its guest's, and what comes in for it goes to the guest.
        """
        return tuple(
            link for link in self.links if link.mac == mac and link.kind not in ("loopback", "macvtap")
        )

    def ports_of(self, bridge: Link) -> tuple[Link, ...]:
        """The interfaces enslaved to this bridge."""
        return tuple(link for link in self.links if link.master == bridge.index)

    def bridges(self) -> tuple[Link, ...]:
        """Every bridge device."""
        return tuple(link for link in self.links if link.bridge is not None)

    def stacked_on(self, lower: Link) -> tuple[Link, ...]:
        """Macvlan, VLAN and alike interfaces whose lower device this is."""
        return tuple(link for link in self.links if link.lower == lower.index and link.kind in STACKED)

    def with_address(self, address: Address) -> Link | None:
        """The interface that carries this very address."""
        return next((link for link in self.links if address in (own.address for own in link.addresses)), None)

    def own_addresses(self) -> Iterator[tuple[Link, Address]]:
        """Every address of this machine with its interface, without loopback addresses."""
        for link in self.links:
            for own in link.addresses:
                if not own.address.is_loopback:
                    yield link, own.address


@probe(Layer.LINK)
def interfaces(host: Host, _: Scope) -> InterfaceFacts:
    """Read the links."""
    return InterfaceFacts(host.ask(Links()))
