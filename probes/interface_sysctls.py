"""Which per-interface IPv4 settings decide over packets: rp_filter, arp_ignore, arp_announce, proxy_arp, forwarding?

The effective value is max(all, interface) for rp_filter, arp_ignore and arp_announce and all OR interface for
proxy_arp (Documentation/networking/ip-sysctl.rst). Cannot see nftables `fib` rules that do the same job.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    """Effective settings per interface, each interface's own settings (for an undo), and net.ipv4.ip_forward."""

    interfaces: tuple[InterfaceSysctls, ...]
    own: tuple[InterfaceSysctls, ...]
    ip_forward: int | None

    def of(self, interface: str) -> InterfaceSysctls | None:
        """The settings of this interface."""
        return next((each for each in self.interfaces if each.interface == interface), None)


@probe(Layer.LINK)
def interface_sysctls(host: Host, _: Scope) -> InterfaceSysctlFacts:
    """Read `all` and every interface, and combine them as the kernel does."""
    everywhere = _settings(host, "all")
    own = tuple(_settings(host, link.name) for link in host.ask(Links()))
    effective = tuple(_effective(each, everywhere) for each in own)
    return InterfaceSysctlFacts(effective, own, _read(host, "net/ipv4/ip_forward"))


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
