"""A machine as a client: what its packet filters do with its own packets to a VIP, and with the answers.

Its own packets pass output and postrouting, the answers prerouting and input as packets of a connection that conntrack
knows (nft(8), ADDRESS FAMILIES). A machine that translates the VIP itself is not looked at: its packets go elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from probes.host import Host, Unanswered
from probes.questions.routing import Route, RouteTo
from probes.rulesets.crossing import Crossing
from probes.rulesets.model import Hook, Ruleset
from probes.rulesets.packet import Packet
from probes.rulesets.passage import Passage, Way, passage
from probes.rulesets.path import Leg
from probes.rulesets.truth import Truth
from probes.rulesets.walk import through_hook
from probes.target import Address, ServicePort

ESTABLISHED = frozenset({"established"})
WAY_IN: tuple[Hook, ...] = ("prerouting", "input")


def own_packets(
    host: Host, rulesets: Sequence[Ruleset], vip: Address, ports: Sequence[ServicePort]
) -> Iterator[Passage]:
    """Both directions for each port; nothing where no route leads to the VIP, or output may translate it."""
    route = _route(host, vip)
    if route is None or route.source is None or route.type != "unicast":
        return
    for port in ports:
        sent = Packet(
            vip,
            protocol=str(port.protocol),
            port=port.port,
            source=route.source,
            source_local=True,
            destination_local=False,
            incoming="",
            outgoing=route.interface,
        )
        out = through_hook(rulesets, "output", sent)
        if out.untranslated is not Truth.YES:
            continue
        yield _way("sent", vip, port, sent, (out, through_hook(rulesets, "postrouting", sent)))
        answer = Packet(
            route.source,
            protocol=str(port.protocol),
            source=vip,
            destination_local=True,
            incoming=route.interface,
            outgoing="",
            state=ESTABLISHED,
        )
        yield _way(
            "answered", vip, port, answer, tuple(through_hook(rulesets, hook, answer) for hook in WAY_IN)
        )


def _way(
    way: Way, vip: Address, port: ServicePort, packet: Packet, crossings: tuple[Crossing, ...]
) -> Passage:
    found = passage(packet, port, None, Leg(None, None, packet), crossings)
    return replace(found, vip=vip, client=None, way=way)


def _route(host: Host, vip: Address) -> Route | None:
    try:
        return host.ask(RouteTo(vip))
    except Unanswered:
        return None
