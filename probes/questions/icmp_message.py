"""An ICMP or ICMPv6 message about our packet: what it says, by the numbers of its sender's family."""

from __future__ import annotations

from dataclasses import dataclass

from probes.target import Address


@dataclass(frozen=True)
class IcmpMessage:
    """An ICMP message about our packet: its type and code, its sender, and for a redirect the new next hop.

    Type and code as RFC 792 numbers them, and RFC 4443 and RFC 4861 where the sender has an IPv6 address. Where it was read
    from the wire: `mac`, whose frame it came in; `hop_limit`, as it came in; `gateway_mac`, which a redirect may name too.
    """

    type: int
    code: int
    sender: Address
    gateway: Address | None = None
    mac: str | None = None
    hop_limit: int | None = None
    gateway_mac: str | None = None

    @property
    def is_redirect(self) -> bool:
        """Redirect."""
        return self.type == (5 if self.sender.version == 4 else 137)

    @property
    def is_time_exceeded(self) -> bool:
        """Time Exceeded."""
        return self.type == (11 if self.sender.version == 4 else 3)

    @property
    def is_unreachable(self) -> bool:
        """Destination Unreachable, whatever its code."""
        return self.type == (3 if self.sender.version == 4 else 1)

    @property
    def is_unroutable(self) -> bool:
        """Unreachable for want of a route, or of an answer to ARP or NDP: the other codes say nothing about routes."""
        return self.is_unreachable and self.code in ((0, 1) if self.sender.version == 4 else (0, 3))

    @property
    def is_prohibited(self) -> bool:
        """Unreachable by somebody's will (RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1; RFC 4443 section 3.1)."""
        return self.is_unreachable and self.code in ((9, 10, 13) if self.sender.version == 4 else (1, 5, 6))

    @property
    def is_port_unreachable(self) -> bool:
        """What REJECT says to everything by default (iptables-extensions(8)); to a ping, without a port, nobody else."""
        return self.is_unreachable and self.code == (3 if self.sender.version == 4 else 4)
