"""Does br_netfilter hand bridged frames to iptables: by the sysctl, or by a bridge's own switch (they are ORed)?

IPv4 and IPv6 have switches of their own; those of IPv6 are read where an IPv6 VIP is asked about. Per namespace since
Linux 5.3. Cannot tell whether another program will set the value back later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from probes.host import Absent, Host
from probes.probe import Layer, Scope, probe
from probes.questions.links import Link, Links
from probes.questions.machine import Sysctl

CALL_IPTABLES = "net/bridge/bridge-nf-call-iptables"
CALL_IP6TABLES = "net/bridge/bridge-nf-call-ip6tables"
SYSCTLS = {4: CALL_IPTABLES, 6: CALL_IP6TABLES}
"""The switch for frames of each version of IP."""


@dataclass(frozen=True)
class BrNetfilterFacts:
    """`call_iptables` is None where the module is not loaded; `bridges` are those with nf_call_iptables 1 of their own.

    `call_ip6tables` and `bridges_ipv6`: the same for IPv6 frames, None and empty where no IPv6 VIP was asked about.
    """

    call_iptables: int | None
    bridges: tuple[str, ...]
    call_ip6tables: int | None = None
    bridges_ipv6: tuple[str, ...] = ()

    @property
    def loaded(self) -> bool:
        """Whether br_netfilter is there at all."""
        return self.call_iptables is not None

    def sysctl(self, version: int) -> int | None:
        """The machine's switch for frames of this version of IP."""
        return self.call_iptables if version == 4 else self.call_ip6tables

    def switched_on(self, version: int) -> tuple[str, ...]:
        """The bridges whose own switch for frames of this version of IP is on."""
        return self.bridges if version == 4 else self.bridges_ipv6

    def intercepts(self, bridge: str, version: int = 4) -> bool:
        """Whether frames of this version of IP that are merely bridged by this bridge pass through iptables."""
        return self.loaded and (bool(self.sysctl(version)) or bridge in self.switched_on(version))


@probe(Layer.BRIDGE)
def br_netfilter(host: Host, scope: Scope) -> BrNetfilterFacts:
    """Read the sysctls and each bridge's switches."""
    links = host.ask(Links())
    ipv6 = any(vip.version == 6 for vip in scope.vips)
    return BrNetfilterFacts(
        _read(host, CALL_IPTABLES),
        tuple(_names(link for link in links if link.bridge and link.bridge.nf_call_iptables)),
        _read(host, CALL_IP6TABLES) if ipv6 else None,
        tuple(_names(link for link in links if ipv6 and link.bridge and link.bridge.nf_call_ip6tables)),
    )


def _read(host: Host, name: str) -> int | None:
    try:
        return host.ask(Sysctl(name))
    except Absent:
        return None


def _names(links: Iterable[Link]) -> list[str]:
    return [link.name for link in links]
