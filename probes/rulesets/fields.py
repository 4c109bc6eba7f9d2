"""The fields of a packet that rules ask about, and whether they lie in a set of values."""

from __future__ import annotations

from typing import Literal

from probes.rulesets.packet import Packet
from probes.rulesets.truth import Truth
from probes.rulesets.values import Scalar, Values
from probes.target import Network

Field = Literal[
    "family",
    "state",
    "source",
    "destination",
    "protocol",
    "port",
    "incoming",
    "outgoing",
    "physdev_in",
    "physdev_out",
    "unseen",
]


def member(field: Field, values: Values, packet: Packet) -> Truth:
    """Is the packet's field in the values?"""
    if field == "state" and packet.state is not None:
        return Truth.of(bool(values.exact & packet.state))
    value = read(field, packet)
    if value is None:
        if field == "source":
            return _unknown_source(values, packet)
        return _unknown_incoming(values, packet) if field == "incoming" else Truth.UNKNOWN
    if value in values:
        return Truth.YES
    return Truth.NO if values.complete else Truth.UNKNOWN


def read(field: Field, packet: Packet) -> Scalar | None:
    """The packet's field, None where it is not known."""
    if field in ("unseen", "state"):
        return None
    value: Scalar | None = getattr(packet, field)
    return value


def _unknown_source(values: Values, packet: Packet) -> Truth:
    if not values.complete:
        return Truth.UNKNOWN
    networks = values.networks
    if any(network.prefixlen == 0 for network in networks):
        return Truth.YES
    inside = all(any(_subnet(network, outer) for outer in packet.source_outside) for network in networks)
    return Truth.NO if inside else Truth.UNKNOWN


def _unknown_incoming(values: Values, packet: Packet) -> Truth:
    names = {*values.exact, *(f"{prefix}+" for prefix in values.prefixes)}
    return Truth.NO if values.complete and names <= {*packet.incoming_outside} else Truth.UNKNOWN


def _subnet(inner: Network, outer: Network) -> bool:
    return (
        inner.version == outer.version
        and inner.prefixlen >= outer.prefixlen
        and inner.network_address in outer
    )
