"""What connection tracking on a host says about a client's flow to the VIP."""

from __future__ import annotations

from hairpin_doctor.client_filter import may_be_the_attempt
from hairpin_doctor.vantage_point import VantagePoint
from probes.connections import ConnectionFacts
from probes.questions.firewall import TrackedConnection
from probes.target import Address, Protocol

UNFINISHED = ("SYN_SENT", "SYN_RECV", "SYN_SENT2", None)
"""States of a TCP handshake that the client did not finish; of an unknown state it is not known."""


def tracked(host: VantagePoint, client: VantagePoint, vip: Address) -> tuple[TrackedConnection, ...]:
    """The client's flows to the VIP as the host remembers them; none where that could not be read.

    Without those that our own crafted frames left behind, and those of earlier tries, where that can be told.
    """
    facts, address = host.findings.get(ConnectionFacts), client.address_towards(vip)
    flows = facts.from_client(address, vip) if facts and address else ()
    return tuple(flow for flow in flows if may_be_the_attempt(client, flow))


def translated_flows(host: VantagePoint, client: VantagePoint, vip: Address) -> tuple[TrackedConnection, ...]:
    """Those of them that the host's DNAT sends elsewhere."""
    return tuple(each for each in tracked(host, client, vip) if each.reply.source != vip)


def failing_flows(host: VantagePoint, client: VantagePoint, vip: Address) -> tuple[TrackedConnection, ...]:
    """The translated flows that can be the failing ones: a finished TCP connection is of a time when it worked."""
    return tuple(
        flow
        for flow in translated_flows(host, client, vip)
        if flow.protocol is not Protocol.TCP or flow.tcp_state in UNFINISHED
    )


def tracked_without_reply(host: VantagePoint, client: VantagePoint, vip: Address) -> bool | None:
    """Whether the newest knowledge is a translated flow without any reply; None where nothing is tracked."""
    flows = failing_flows(host, client, vip)
    if not flows:
        return None
    return any(not flow.seen_reply for flow in flows)
