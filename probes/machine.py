"""Which machine is looked at, and with which rights? Cannot tell whether the clock or the name is right."""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Scope, probe
from probes.questions.machine import Identity, MachineIdentity


@dataclass(frozen=True)
class MachineFacts:
    """The identity of this vantage point."""

    identity: Identity


@probe(Layer.MACHINE)
def machine(host: Host, _: Scope) -> MachineFacts:
    """Ask for the identity."""
    return MachineFacts(host.ask(MachineIdentity()))
