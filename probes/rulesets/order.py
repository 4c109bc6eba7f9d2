"""Which base chains see a packet at a hook, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

from probes.rulesets.model import BaseChain, Hook, Ruleset
from probes.rulesets.packet import Packet


def bases_at(rulesets: Sequence[Ruleset], hook: Hook, packet: Packet) -> list[tuple[Ruleset, BaseChain]]:
    """The base chains that see the packet at this hook, in the kernel's order (of equal priorities: as given)."""
    families = {"ip" if packet.destination.version == 4 else "ip6", "inet"}
    if packet.bridged is not False:
        families.add("bridge")
    found = [(r, base) for r in rulesets for base in r.bases if base.hook == hook and base.family in families]
    return sorted(found, key=lambda pair: pair[1].priority)
