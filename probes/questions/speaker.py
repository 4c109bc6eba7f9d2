"""What MetalLB says of itself on a node: the metrics of its speaker, and those of the FRR beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from probes.host import Question
from probes.target import Address

Protocol = Literal["layer2", "bgp"]


@dataclass(frozen=True)
class Announced:
    """`metallb_speaker_announced`: this node means to announce an address of a Service. By L2: it was elected to."""

    namespace: str
    service: str
    address: Address
    protocol: Protocol


@dataclass(frozen=True)
class SpeakerSession:
    """`metallb_bgp_session_up` or `frrk8s_bgp_session_up`, with the number of prefixes that are advertised in it now.

    `peer`: an address, or the interface of an unnumbered session. `prefixes`: None where that is not said.
    """

    peer: str
    is_up: bool
    prefixes: int | None


@dataclass(frozen=True)
class AnsweredRequests:
    """`metallb_layer2_responses_sent`: answers by ARP or NDP to requests for an address, since the speaker started."""

    address: Address
    sent: int


@dataclass(frozen=True)
class SpeakerWord:
    """`announced`: None where only FRR's metrics could be read. `refused`: one of them wants a login.

    `config_is_stale`: its newest configuration was refused, so that it goes on with an older one; None where not said.
    """

    announced: tuple[Announced, ...] | None
    sessions: tuple[SpeakerSession, ...]
    answered: tuple[AnsweredRequests, ...]
    config_is_stale: bool | None
    refused: bool


@dataclass(frozen=True)
class SpeakerMetrics(Question[SpeakerWord]):
    """Read the metrics that MetalLB serves on this machine itself, by HTTP over the loopback or its own address.

    Ports are the defaults of MetalLB's manifests and charts: 7472 (speaker), 7473 (FRR beside it), 7573 (frr-k8s). Raises
    Absent where nothing of MetalLB answers there. Needs no right; since v0.16 they want one of the cluster's accounts.
    """
