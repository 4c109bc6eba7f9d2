"""The paths of a network: for every VIP that of each client, or the host's half where no client was looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from hairpin_doctor.diagnose import WEIGHT, Judgement, Outcome
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Diagnosis
from hairpin_doctor.service_path.announcer import announcer_hops, heard_on_the_host, router_hops
from hairpin_doctor.service_path.breaks import breaks, judged
from hairpin_doctor.service_path.client_side import client_hop, link_hops
from hairpin_doctor.service_path.hop import Evidence, Hop, Kind, ServicePath
from hairpin_doctor.service_path.host_side import endpoint_hop, host_hops, programmed, service_hop, way_out
from hairpin_doctor.service_path.trip import Trip
from hairpin_doctor.states import Works
from hairpin_doctor.vantage_point import VantagePoint
from probes.target import Address

Judge = Callable[[Network], Judgement]


def service_paths(network: Network, judgement: Judgement, judge: Judge) -> tuple[ServicePath, ...]:
    """One path per VIP and client: what fails first, then what has a cause all the same; of those, the main cause's first.

    `judge` judges a network anew.

    A diagnosis holds for one failing client, and may not hold for another: where several fail, each is judged without
    the others.
    """
    found = [path for vip in network.vips for path in _paths(network, judgement, judge, vip)]
    causes = [e.vip for e in judgement.diagnoses if isinstance(e.verdict, Diagnosis) and e.verdict.breaks]
    causes = [*causes, *(vip for vip in network.vips if vip not in causes)]

    def rank(path: ServicePath) -> tuple[bool, int, int]:
        outcome = judgement.per_vip.get(path.vip, Outcome.HEALTHY)
        return path.works is not False, WEIGHT.index(outcome), causes.index(path.vip)

    return tuple(sorted(found, key=rank))


def _paths(network: Network, judgement: Judgement, judge: Judge, vip: Address) -> Iterator[ServicePath]:
    clients, hosts = network.clients(vip), network.hosts(vip)
    if not clients and not hosts:
        clients = network.vantage_points
    for client in clients:
        own = _judgement_of(network, judgement, judge, client, vip)
        yield _of_client(Trip(network, client, vip), own)
    if not clients:
        for host in hosts:
            yield _of_host(host, vip, judgement)


def _judgement_of(
    network: Network, judgement: Judgement, judge: Judge, client: VantagePoint, vip: Address
) -> Judgement:
    others = [each for each in network.failing(vip) if each is not client]
    if not others or client not in network.failing(vip):
        return judgement
    return judge(Network(each for each in network.vantage_points if each not in others))


def _of_client(trip: Trip, judgement: Judgement) -> ServicePath:
    hops = [client_hop(trip), *link_hops(trip), *router_hops(trip), *announcer_hops(trip), *host_hops(trip)]
    mine = breaks(each for each in judgement.diagnoses if each.vip == trip.vip)
    return ServicePath(
        trip.client.name, trip.vip, trip.works, judged(hops, mine, works=trip.works, served=trip.served)
    )


def _of_host(host: VantagePoint, vip: Address, judgement: Judgement) -> ServicePath:
    """What a host alone shows; its own traffic takes a short cut and proves nothing but the endpoint."""
    ports = programmed(host, vip, host.scope)
    endpoint = endpoint_hop(host, vip, ports, Evidence.NONE)
    works = endpoint.name is not None and any(state.works is Works.YES for state in host.states_of(vip))
    unseen = Hop(Kind.CLIENT, None, None, None, (), Evidence.NOT_SEEN, "no client was looked at")
    hops = [
        unseen,
        heard_on_the_host(host, vip),
        service_hop(host, vip, ports, Evidence.NONE),
        *way_out(host, ports, Evidence.NONE),
        replace(endpoint, evidence=Evidence.PASSED)
        if works or endpoint.evidence is Evidence.HEARD
        else endpoint,
    ]
    fails = judgement.per_vip.get(vip) is Outcome.DIAGNOSED
    mine = breaks(each for each in judgement.diagnoses if each.vip == vip)
    return ServicePath(None, vip, False if fails else None, judged(hops, mine, works=None, served=False))
