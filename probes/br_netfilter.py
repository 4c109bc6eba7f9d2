"""Does br_netfilter hand bridged IPv4 frames to iptables: by the sysctl, or by a bridge's own switch (they are ORed)?

Per namespace since Linux 5.3. Cannot tell whether another program will set the value back later.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Absent, Host
from probes.probe import Layer, Scope, probe
from probes.questions.links import Links
from probes.questions.machine import Sysctl

CALL_IPTABLES = "net/bridge/bridge-nf-call-iptables"


@dataclass(frozen=True)
class BrNetfilterFacts:
    """`call_iptables` is None where the module is not loaded; `bridges` are those with nf_call_iptables 1 of their own."""

    call_iptables: int | None
    bridges: tuple[str, ...]

    @property
    def loaded(self) -> bool:
        """Whether br_netfilter is there at all."""
        return self.call_iptables is not None

    def intercepts(self, bridge: str) -> bool:
        """Whether frames that are merely bridged by this bridge pass through iptables."""
        return self.loaded and (bool(self.call_iptables) or bridge in self.bridges)


@probe(Layer.BRIDGE)
def br_netfilter(host: Host, _: Scope) -> BrNetfilterFacts:
    """Read the sysctl and each bridge's switch."""
    try:
        sysctl: int | None = host.ask(Sysctl(CALL_IPTABLES))
    except Absent:
        sysctl = None
    bridges = tuple(link.name for link in host.ask(Links()) if link.bridge and link.bridge.nf_call_iptables)
    return BrNetfilterFacts(sysctl, bridges)
