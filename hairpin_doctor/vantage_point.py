"""One machine that was looked at: its findings, and what follows from them about its place in the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from hairpin_doctor.findings import Findings
from hairpin_doctor.states import TargetState, states
from probes.arp import ArpFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.probe import Scope
from probes.questions.links import Link
from probes.routes import RouteFacts
from probes.service_rules import ServiceRulesFacts
from probes.target import Address, Network

STAND_IN = "stand-in@"
"""How the name of a stand-in client begins, before the bridge or the port that it stands in for; no host name holds an @."""
STAND_IN_PORT = "hdr-standin"
"""Its port on the host's bridge, there for some seconds."""
NOT_A_STAND_INS = ("resolvers", "own_address_warnings")
"""Probes whose answers are the host's own, or the whole machine's, and would be told as if the client had them."""


@dataclass(frozen=True)
class VantagePoint:
    """One machine that was looked at: its findings, what it was asked about, and when (ISO 8601), if that is known."""

    findings: Findings
    scope: Scope
    taken_at: str | None = None

    @property
    def name(self) -> str:
        """The name shown to people."""
        return self.findings.vantage_point

    @property
    def stands_in_for(self) -> str | None:
        """The bridge, or the port of one, of which this is a stand-in client; None for a machine."""
        return self.name.removeprefix(STAND_IN) if self.name.startswith(STAND_IN) else None

    @cached_property
    def states(self) -> tuple[TargetState, ...]:
        """What it experienced of each target."""
        return states(self.findings, self.scope)

    def states_of(self, vip: Address) -> tuple[TargetState, ...]:
        """What it experienced of this VIP."""
        return tuple(state for state in self.states if state.target.vip == vip)

    def finished(self) -> datetime | None:
        """When its scan ended, None where that is unknown or no time; clocks of two machines may differ."""
        try:
            found = datetime.fromisoformat(self.taken_at or "")
        except ValueError:
            return None
        return found if found.tzinfo is not None else None

    def serves(self, vip: Address) -> bool | None:
        """Whether this machine itself translates or carries the VIP; None where no ruleset could be read.

        Without the right to read the rules, a machine that does not forward cannot be a Kubernetes node.
        """
        routes = self.findings.get(RouteFacts)
        if routes is not None and routes.is_local(vip):
            return True
        rules = self.findings.get(ServiceRulesFacts)
        if rules is not None and rules.programmed(vip):
            return True
        sysctls = self.findings.get(InterfaceSysctlFacts)
        if sysctls is not None and sysctls.forwards(vip.version) is False:
            return False
        return False if rules is not None else None

    def link_towards(self, vip: Address) -> Link | None:
        """The interface by which it reaches the VIP."""
        routes, interfaces = self.findings.get(RouteFacts), self.findings.get(InterfaceFacts)
        route = routes.route(vip) if routes else None
        return interfaces.by_name(route.interface) if route and interfaces else None

    def address_towards(self, vip: Address) -> Address | None:
        """The address that it would send from."""
        routes = self.findings.get(RouteFacts)
        route = routes.route(vip) if routes else None
        return route.source if route else None

    def on_same_link(self, other: VantagePoint) -> bool:
        """Whether, by its routes, each would ask for the other by ARP: both send to a VIP from one prefix."""
        mine = {prefix for vip in self.scope.vips for prefix in self._prefixes_towards(vip)}
        return any(prefix in mine for vip in other.scope.vips for prefix in other._prefixes_towards(vip))

    def _prefixes_towards(self, vip: Address) -> tuple[Network, ...]:
        routes, link = self.findings.get(RouteFacts), self.link_towards(vip)
        connected = routes.connected if routes and link else ()
        mine = (each.prefix for each in connected if link and each.interface == link.name)
        return tuple(prefix for prefix in mine if not prefix.is_link_local)  # every link has fe80::/64

    def gateway_macs(self, version: int | None = None) -> tuple[str, ...]:
        """The MACs of its default gateways (of one version of IP): the cached ones and those that answer now."""
        routes = self.findings.get(RouteFacts)
        defaults = {4: routes.default, 6: routes.default_ipv6} if routes else {}
        found: list[str] = []
        for family, route in defaults.items():
            if version in (None, family) and route is not None and route.gateway is not None:
                found.extend(self._macs_on(route.interface, route.gateway))
        return tuple(dict.fromkeys(found))

    def _macs_on(self, interface: str | None, address: Address) -> Iterator[str]:
        """Of one interface alone: fe80::1 is another router on each link."""
        cache, arp = self.findings.get(NeighbourFacts), self.findings.get(ArpFacts)
        interfaces = self.findings.get(InterfaceFacts)
        link = interfaces.by_name(interface) if interfaces else None
        cached = cache.entry(address, link.index if link else None) if cache else None
        if cached is not None and cached.mac:
            yield cached.mac
        if arp is not None:
            yield from arp.macs(address, interface)
