"""Addresses of the lab's machines, of either family."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv6Interface, ip_network
from typing import Literal

from probes.target import Address, Network

__all__ = ["IPTABLES", "NFT", "Address", "InterfaceAddress", "Network", "anywhere"]

InterfaceAddress = IPv4Interface | IPv6Interface
"""An address with the prefix length that it has on an interface."""
IPTABLES: dict[int, Literal["iptables", "ip6tables"]] = {4: "iptables", 6: "ip6tables"}
"""The packet filter's program for each version of IP."""
NFT = {4: "ip", 6: "ip6"}
"""What nft(8) calls each version of IP."""


def anywhere(address: Address) -> Network:
    """The destination of a default route, of the address's family."""
    return ip_network("0.0.0.0/0" if address.version == 4 else "::/0")
