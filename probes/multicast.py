"""Who here has joined the group in which an IPv6 VIP is asked for, and which bridges would keep the question from whom?

A bridge that snoops MLD and knows of a querier sends a solicitation only to ports that joined the VIP's group, and to
routers; without a querier it floods. Cannot see what a switch between this machine and the others does.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from probes.host import Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.multicast import (
    BridgeMulticast,
    JoinedGroup,
    JoinedGroups,
    MulticastForwarding,
)
from probes.target import Address, solicited_node


@dataclass(frozen=True)
class MulticastFacts:
    """The groups joined here, and what each bridge does with multicast; nothing where no VIP is an IPv6 one."""

    joined: tuple[JoinedGroup, ...]
    bridges: tuple[BridgeMulticast, ...]

    def listening(self, vip: Address) -> tuple[int, ...]:
        """Indexes of the interfaces that receive solicitations for the VIP."""
        if not isinstance(vip, IPv6Address):
            return ()
        group = solicited_node(vip)
        return tuple(each.interface for each in self.joined if each.group == group)

    def bridge(self, index: int) -> BridgeMulticast | None:
        """What the bridge of this index does."""
        return next((each for each in self.bridges if each.bridge == index), None)


@probe(Layer.BRIDGE, Phase.AFTER)
def multicast(host: Host, scope: Scope) -> MulticastFacts:
    """Read groups and multicast databases, after the traffic."""
    if not any(isinstance(vip, IPv6Address) for vip in scope.vips):
        return MulticastFacts((), ())
    return MulticastFacts(host.ask(JoinedGroups()), host.ask(MulticastForwarding()))
