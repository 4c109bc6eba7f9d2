"""Which eBPF programs see what comes in by each interface, and which of them belong to a service datapath?

Cilium and Calico's eBPF mode translate Services in such programs: what comes in by an interface without one is not served.
They are told by the names that these projects give their programs. Cannot see what a program does, nor the tables of
Services behind it, nor programs on the socket layer (cgroup hooks), which serve only traffic that starts here.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Scope, probe
from probes.questions.firewall import IngressProgram, IngressPrograms
from probes.questions.links import Links

OF_SERVICES = {
    "cil_from_netdev": "Cilium",
    "from-netdev": "Cilium",
    "cil_xdp_entry": "Cilium",
    "cali_tc_preambl": "Calico",
}
"""The first 15 letters of a program's name -> whose it is (Cilium's bpf_host.c and bpf_xdp.c, Calico's tc_preamble.c)."""


@dataclass(frozen=True)
class ServiceProgram:
    """A program that translates Services for what comes in by an interface."""

    interface: str
    owner: str
    hook: str
    name: str


@dataclass(frozen=True)
class IngressProgramFacts:
    """The programs of service datapaths, and on which interfaces there are programs whose names were not shown."""

    services: tuple[ServiceProgram, ...]
    unnamed: tuple[str, ...]

    def on(self, interface: str) -> ServiceProgram | None:
        """The service datapath's program on this interface."""
        return next((each for each in self.services if each.interface == interface), None)


@probe(Layer.SERVICE)
def ingress_programs(host: Host, _: Scope) -> IngressProgramFacts:
    """Read what is attached, and keep what belongs to a service datapath."""
    names = {link.index: link.name for link in host.ask(Links())}
    found = [each for each in host.ask(IngressPrograms()) if each.interface in names]
    return IngressProgramFacts(
        services=tuple(
            ServiceProgram(names[each.interface], owner, each.hook, each.name)
            for each in found
            if each.name is not None and (owner := _owner(each)) is not None
        ),
        unnamed=tuple(dict.fromkeys(names[each.interface] for each in found if each.name is None)),
    )


def _owner(program: IngressProgram) -> str | None:
    """tc names carry the interface behind the program's own name (cil_from_netdev-eno1)."""
    own = program.name or ""
    return next((owner for name, owner in OF_SERVICES.items() if own.startswith(name)), None)
