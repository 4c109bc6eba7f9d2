"""Which per-interface settings decide over packets: rp_filter, arp_ignore, arp_announce, proxy_arp, forwarding?

The effective value is max(all, interface) for rp_filter, arp_ignore and arp_announce and all OR interface for
proxy_arp (Documentation/networking/ip-sysctl.rst). IPv6 has one switch of forwarding for the whole machine, and since
Linux 6.17 each interface's force_forwarding; both are read where an IPv6 VIP is asked about. Cannot see nftables `fib` rules
that do the same job.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from probes.host import Absent, Host
from probes.probe import Layer, Scope, probe
from probes.questions.links import Links
from probes.questions.machine import Sysctl

NAMES = (
    "rp_filter",
    "arp_ignore",
    "arp_announce",
    "arp_filter",
    "proxy_arp",
    "forwarding",
    "accept_redirects",
)
IPV6_FORWARDING = "net/ipv6/conf/all/forwarding"
COMBINED = ("rp_filter", "arp_ignore", "arp_announce", "arp_filter", "proxy_arp")


@dataclass(frozen=True)
class InterfaceSysctls:
    """The effective values of one interface; None where the kernel has no such file."""

    interface: str
    rp_filter: int | None
    arp_ignore: int | None
    arp_announce: int | None
    arp_filter: int | None
    proxy_arp: int | None
    forwarding: int | None
    accept_redirects: int | None


@dataclass(frozen=True)
class InterfaceSysctlFacts:
    """Effective settings per interface, each interface's own settings (for an undo), and net.ipv4.ip_forward.

    `ipv6_forwarding`: net.ipv6.conf.all.forwarding, None where no IPv6 VIP was asked about; `forced`: the interfaces whose
    IPv6 packets are forwarded all the same.
    """

    interfaces: tuple[InterfaceSysctls, ...]
    own: tuple[InterfaceSysctls, ...]
    ip_forward: int | None
    ipv6_forwarding: int | None = None
    forced: tuple[str, ...] = ()

    def forwards(self, version: int) -> bool | None:
        """Whether the machine forwards packets of this version of IP at all; None where that is not known."""
        switch = self.ip_forward if version == 4 else self.ipv6_forwarding
        return None if switch is None else bool(switch) or (version == 6 and bool(self.forced))

    def of(self, interface: str) -> InterfaceSysctls | None:
        """The settings of this interface."""
        return next((each for each in self.interfaces if each.interface == interface), None)


@probe(Layer.LINK)
def interface_sysctls(host: Host, scope: Scope) -> InterfaceSysctlFacts:
    """Read `all` and every interface, and combine them as the kernel does."""
    everywhere = _settings(host, "all")
    own = tuple(_settings(host, link.name) for link in host.ask(Links()))
    effective = tuple(_effective(each, everywhere) for each in own)
    found = InterfaceSysctlFacts(effective, own, _read(host, "net/ipv4/ip_forward"))
    if not any(vip.version == 6 for vip in scope.vips):
        return found
    forwarding = _read(host, IPV6_FORWARDING)
    return replace(found, ipv6_forwarding=forwarding, forced=() if forwarding else tuple(_forced(host)))


def _forced(host: Host) -> Iterator[str]:
    """The interfaces whose IPv6 packets are forwarded though the machine does not (ip6_forward, net/ipv6/ip6_output.c)."""
    for link in host.ask(Links()):
        if _read(host, f"net/ipv6/conf/{link.name}/force_forwarding"):
            yield link.name


def _read(host: Host, name: str) -> int | None:
    try:
        return host.ask(Sysctl(name))
    except Absent:
        return None


def _settings(host: Host, interface: str) -> InterfaceSysctls:
    return InterfaceSysctls(interface, *(_read(host, f"net/ipv4/conf/{interface}/{name}") for name in NAMES))


def _effective(own: InterfaceSysctls, everywhere: InterfaceSysctls) -> InterfaceSysctls:
    values = (
        _maximum(getattr(own, name), getattr(everywhere, name)) if name in COMBINED else getattr(own, name)
        for name in NAMES
    )
    return InterfaceSysctls(own.interface, *values)


def _maximum(own: int | None, of_all: int | None) -> int | None:
    return own if own is None or of_all is None else max(own, of_all)
