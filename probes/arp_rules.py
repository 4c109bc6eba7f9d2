"""Do rules of this machine stop questions for a VIP that it holds, or its kernel's own answers to them?

Reads nftables' arp family, in which arptables-nft writes too. Asked for VIPs that are addresses of this machine: an
announcer answers past these rules. Cannot see arptables-legacy, nor where a rule jumps to. Needs CAP_NET_ADMIN.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from probes.host import Absent, Host
from probes.interfaces import interfaces
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.firewall import NftRuleset
from probes.rulesets.arp import ArpPacket, ArpStop, stop_of
from probes.rulesets.model import BadRuleset
from probes.target import Address


@dataclass(frozen=True)
class ArpStopped:
    """What stops ARP between a VIP and a client on an interface; None: its rules pass it."""

    vip: Address
    client: Address
    interface: str
    stop: ArpStop


@dataclass(frozen=True)
class ArpRuleFacts:
    """What is stopped, surely or perhaps. Empty where there are no such rules."""

    stopped: tuple[ArpStopped, ...]

    def of(self, vip: Address, client: Address | None, interface: str) -> ArpStop | None:
        """The rule between this client and the VIP there, the question's before the answer's; a sure one before others."""
        found = [e.stop for e in self.stopped if (e.vip, e.client, e.interface) == (vip, client, interface)]
        return next((each for each in found if each.certain), next(iter(found), None))


@probe(Layer.SERVICE, Phase.AFTER)
def arp_rules(host: Host, scope: Scope) -> ArpRuleFacts:
    """Follow the question in and the answer out, for each client that is known."""
    links = interfaces.look(host, scope)
    held = [vip for vip in scope.vips if isinstance(vip, IPv4Address) and links.with_address(vip)]
    if not held:
        return ArpRuleFacts(())
    try:
        text = host.ask(NftRuleset())
    except Absent:
        return ArpRuleFacts(())
    found: list[ArpStopped] = []
    for vip in held:
        for client in scope.clients:
            for link in links.links:
                ways = (
                    ArpPacket("input", link.name, client, vip),
                    ArpPacket("output", link.name, vip, client),
                )
                found += [
                    ArpStopped(vip, client, link.name, stop) for way in ways if (stop := _stop(text, way))
                ]
    return ArpRuleFacts(tuple(found))


def _stop(text: str, packet: ArpPacket) -> ArpStop | None:
    try:
        return stop_of(text, packet)
    except BadRuleset as error:
        raise Absent(str(error)) from None
