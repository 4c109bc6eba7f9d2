"""What is to be examined: a LoadBalancer address (VIP), and where given its port and protocol."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


SOLICITED_NODE = int(ipaddress.IPv6Address("ff02::1:ff00:0"))


def solicited_node(address: ipaddress.IPv6Address) -> ipaddress.IPv6Address:
    """The multicast group in which the address is asked for, with its last 24 bits (RFC 4291 section 2.7.1)."""
    return ipaddress.IPv6Address(SOLICITED_NODE | (int(address) & 0xFFFFFF))


def resolution(address: Address) -> str:
    """By what its MAC is asked for: ARP, or neighbour discovery."""
    return "ARP" if address.version == 4 else "NDP"


class Protocol(StrEnum):
    """Transport protocol of a service port."""

    TCP = "tcp"
    UDP = "udp"


class BadTarget(ValueError):
    """A target that cannot be read; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True, order=True)
class ServicePort:
    """One port of a Service: number 1-65535 and protocol."""

    port: int
    protocol: Protocol

    def __str__(self) -> str:
        return f"{self.port}/{self.protocol}"


@dataclass(frozen=True, slots=True)
class Target:
    """A VIP of either family; `port` and `protocol` are None where the user did not name them."""

    vip: Address
    port: int | None = None
    protocol: Protocol | None = None

    def __str__(self) -> str:
        if self.port is None:
            return str(self.vip)
        host = f"[{self.vip}]" if self.vip.version == 6 else str(self.vip)
        return f"{host}:{self.port}" + (f"/{self.protocol}" if self.protocol else "")


FORM = "a target is VIP[:PORT[/tcp|udp]], for example 192.0.2.53:53/udp or [2001:db8::53]:53"


def parse_target(text: str) -> Target:
    """Read `VIP[:PORT[/tcp|udp]]`; IPv6 with a port stands in brackets (RFC 3986 section 3.2.2).

    Raises BadTarget with one sentence that says what is wrong and what the form is.
    """
    host, port_text = _split(text.strip())
    try:
        vip = ipaddress.ip_address(host)
    except ValueError:
        raise BadTarget(f"{host!r} in {text!r} is not an IP address; {FORM}.") from None
    _refuse_unusable(vip, text)
    if port_text is None:
        return Target(vip)
    number, _, protocol = port_text.partition("/")
    return Target(vip, _port(number, text), _protocol(protocol, text) if "/" in port_text else None)


def _split(text: str) -> tuple[str, str | None]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise BadTarget(f"{text!r} has an unclosed or misplaced bracket; {FORM}.")
        return host, rest[1:] if rest else None
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    if ":" not in text and "/" in text:
        raise BadTarget(f"{text!r} names a prefix or a protocol without a port; {FORM}.")
    return text, None


def _refuse_unusable(vip: Address, text: str) -> None:
    if vip.is_loopback or vip.is_multicast or vip.is_unspecified:
        raise BadTarget(
            f"{text!r}: {vip} is a loopback, multicast or unspecified address, never a LoadBalancer IP."
        )
    if vip.version == 6 and vip.is_link_local:
        raise BadTarget(f"{text!r}: {vip} is a link-local address, which means nothing beyond one link.")


def _port(number: str, text: str) -> int:
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:6]) <= 65535):
        raise BadTarget(f"{number!r} in {text!r} is not a port between 1 and 65535; {FORM}.")
    return int(number)


def _protocol(name: str, text: str) -> Protocol:
    try:
        return Protocol(name.lower())
    except ValueError:
        raise BadTarget(f"{name!r} in {text!r} is not a protocol; {FORM}.") from None
