"""How the BGP sessions of a VIP's nodes stand: by their daemons, by MetalLB's own metrics, and by the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hairpin_doctor.speaker_says import BGP, protocols
from hairpin_doctor.told_bgp import ESTABLISHED, BgpWord
from hairpin_doctor.vantage_point import VantagePoint
from probes.bgp_daemon import BgpDaemonFacts
from probes.questions.metallb import BgpPeer
from probes.questions.speaker import SpeakerSession
from probes.speaker import SpeakerFacts
from probes.target import Address


@dataclass(frozen=True)
class Told:
    """What somebody says of a BGP session of `machine`; `said_by`, `peer` and `state` are for a sentence.

    `advertises`: whether the VIP goes out in it, or would; None where nobody says so.
    """

    machine: str
    said_by: str
    peer: str
    state: str
    is_established: bool
    advertises: bool | None
    last_error: str | None = None


def told_sessions(hosts: tuple[VantagePoint, ...], vip: Address, word: BgpWord | None) -> tuple[Told, ...]:
    """Every session that somebody tells of. Where the cluster names its peers: with those, or in which the VIP goes out.

    A daemon beside MetalLB may speak for the pod network alone, as Calico's BIRD does.
    """
    by_cluster = _by_cluster(word, hosts) if word else ()
    wanted = {_other_side(each.peer) for each in word.peerings} if word else None
    every = (*_by_daemons(hosts, vip), *_by_speakers(hosts, vip), *by_cluster)
    return tuple(each for each in every if wanted is None or each.peer in wanted or each.advertises)


def _by_daemons(hosts: tuple[VantagePoint, ...], vip: Address) -> Iterator[Told]:
    for host in hosts:
        facts = host.findings.get(BgpDaemonFacts)
        for each in (facts.sessions if facts else None) or ():
            yield Told(
                machine=host.name,
                said_by=f"{each.daemon} on {host.name}",
                peer=str(each.peer or each.name),
                state=each.state,
                is_established=each.is_established,
                advertises=vip in each.advertised if each.is_established else None,
                last_error=each.last_error,
            )


def _by_speakers(hosts: tuple[VantagePoint, ...], vip: Address) -> Iterator[Told]:
    """By MetalLB's metrics: it means to advertise the VIP, and something goes out in that session."""
    for host in hosts:
        meant = protocols(host, vip)
        for each in speakers_sessions(host):
            goes_out = None if meant is None else BGP in meant and each.prefixes != 0
            yield Told(
                machine=host.name,
                said_by=f"MetalLB on {host.name} (its metrics)",
                peer=each.peer,
                state=ESTABLISHED if each.is_up else "down",
                is_established=each.is_up,
                advertises=goes_out if each.is_up else None,
            )


def speakers_sessions(host: VantagePoint) -> tuple[SpeakerSession, ...]:
    """Those of which MetalLB's metrics tell on this node."""
    facts = host.findings.get(SpeakerFacts)
    return facts.sessions() if facts else ()


def _other_side(peer: BgpPeer) -> str:
    return str(peer.address) if peer.address is not None else peer.interface


def _by_cluster(word: BgpWord, hosts: tuple[VantagePoint, ...]) -> Iterator[Told]:
    """Of sessions that the node itself says nothing of: frr-k8s tells the cluster every two minutes."""
    live = {
        (node.name, each.peer)
        for host in hosts
        if (node := word.view.node_of(host))
        for each in speakers_sessions(host)
    }
    for each in word.peerings:
        if each.session is not None and (each.node.name, each.session.peer) not in live:
            yield Told(
                machine=each.node.name,
                said_by=f"FRR on {each.node.name} ({word.view.said_by})",
                peer=each.session.peer,
                state=each.session.state,
                is_established=each.session.state == ESTABLISHED,
                advertises=each.advertises,
            )
