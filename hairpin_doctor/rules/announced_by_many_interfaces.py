"""One node answers ARP for the VIP on several interfaces of the same segment.

Why: An L2Advertisement without `interfaces` makes the speaker answer on every interface that hears the request: on the
bridge and on the macvlan above it, or on two NICs in one LAN. Every client takes the answer that comes last or first,
and their traffic takes different ways into the node. arp_ignore does not affect a speaker, which answers by itself.
Seen as: Several MACs for the VIP, all of one machine; it works until one of the ways does not.
Told apart from: HD202 (MACs of two nodes), HD206 (the gateway's), HD203 (a stranger's) by the owners of the MACs.
By hand: Several MACs answer one request; on the host all of them are its own.
    arping -c 3 -I IF VIP
    ip -br link
    kubectl -n metallb-system get l2advertisements -o yaml
Fix: Name one interface in the L2Advertisement; for a VIP that the kernel itself carries and answers for, arp_ignore and
arp_announce on the others, or, where they carry it too, the address taken off them (over IPv6 no setting is needed: the
kernel answers on the interface that carries the address alone).
Unsure when: Only a client was scanned: then the owners of the MACs are unknown, unless both are found at addresses of one
node of a cluster that was asked. Without a client, what the cluster tells the speaker of a scanned node is what will happen.
References: arping(8); metallb/metallb#531; metallb/metallb#277;
https://metallb.io/configuration/_advanced_l2_configuration/.
"""

from __future__ import annotations

from hairpin_doctor.answering_node import nodes_answering
from hairpin_doctor.claimants import Claimant
from hairpin_doctor.cluster_view import ClusterView, names_of
from hairpin_doctor.fixes.announce import announce_on, check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.one_answerer import answer_on_one, kernel_answers
from hairpin_doctor.fixes.service_object import ANYWHERE
from hairpin_doctor.network import Network, Owner
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import NotThis, live_macs, names
from hairpin_doctor.told import readable_word, told
from hairpin_doctor.vantage_point import VantagePoint
from probes.announcers import AnnouncerFacts
from probes.cluster_nodes import ClusterNodeFacts
from probes.interfaces import InterfaceFacts
from probes.routes import RouteFacts
from probes.target import Address


@rule("HD106", "announced-by-many-interfaces", Severity.LATENT, ipv6=Ipv6.PROVEN)
def announced_by_many_interfaces(network: Network, vip: Address) -> Verdict:
    """Two or more answering MACs are interfaces of one machine."""
    clients = network.clients(vip)
    if not clients:
        foreseen = _told_to(network, vip)
        if foreseen is None:
            raise network.need_client(vip, f"how many MACs answer for {vip}")
        return foreseen
    reason = f"no two MACs answer for {vip} at {names(clients)}"
    for client in clients:
        strange = [mac for mac in client.gateway_macs() if not network.owners(mac)]  # proxy ARP: HD206
        macs = [mac for mac in _live_macs(client, vip) if mac not in strange]
        if len(macs) < 2:
            continue
        one_node = _one_node(network, client, vip)
        if one_node is not None:
            return one_node
        if not network.hosts(vip):
            raise network.need_host(vip, f"whose MACs {', '.join(macs)} are")
        for host in network.hosts(vip):
            owners = [
                owner for mac in macs for owner in network.owners(mac)[:1] if owner.vantage_point is host
            ]
            if len({owner.link.index for owner in owners}) > 1:
                return _diagnosis(network, client, vip, owners)
        reason = f"the MACs {', '.join(macs)} do not belong to one known machine"
    return Cleared(reason)


def _one_node(network: Network, client: VantagePoint, vip: Address) -> Diagnosis | None:
    """Several MACs, none of a scanned host, that the addresses behind them show to be one node of the cluster."""
    view = network.cluster(vip)
    if view is None or view.point.findings.get(ClusterNodeFacts) is None:
        return None
    found: dict[str, list[Claimant]] = {}
    for each, node in nodes_answering(network, view, client, vip):
        found.setdefault(node.name, []).append(each)
    for name, several in found.items():
        if len(several) > 1 and all(each.machine is None for each in several):
            return Diagnosis(
                summary=f"{name} answers for {vip} with {len(several)} MACs: on several interfaces",
                because=(
                    f"{client.name} hears {' and '.join(each.mac for each in several)} for {vip}.",
                    f"Behind each of them is an address of the node {name} ({view.said_by}).",
                ),
                severity=Severity.LATENT,
                confidence=Confidence.LIKELY,
                fixes=(_name_one(vip, client.name),),
            )
    return None


def _told_to(network: Network, vip: Address) -> Diagnosis | None:
    """The cluster has a scanned node announce on an interface and on a macvlan above it: both hear every request."""
    view = readable_word(network, vip)
    if view is None or view.point.findings.get(ClusterNodeFacts) is None:
        return None
    for host in network.hosts(vip):
        node = view.node_of(host)
        if node is not None and node in view.candidates():
            found = _one_above_the_other(host, view.interfaces_on(node))
            if found is not None:
                return _will_answer_twice(view, host, vip, *found)
    return None


def _one_above_the_other(host: VantagePoint, named: tuple[str, ...] | None) -> tuple[str, str] | None:
    """A base interface and a macvlan above it, both among those that the speaker listens and may answer on."""
    interfaces, announcers = host.findings.get(InterfaceFacts), host.findings.get(AnnouncerFacts)
    if interfaces is None or announcers is None:
        return None
    used = [name for name in announcers.interfaces() if named is None or name in named]
    for name in used:
        base = interfaces.by_name(name)
        for above in interfaces.stacked_on(base) if base else ():
            if above.kind == "macvlan" and above.name in used:
                return name, above.name
    return None


def _will_answer_twice(
    view: ClusterView, host: VantagePoint, vip: Address, base: str, above: str
) -> Diagnosis:
    return Diagnosis(
        summary=f"{host.name} is told to answer for {vip} on {base} and on {above} above it",
        because=(
            f"{names_of(view.l2)} lets {host.name} announce {view.service} on both ({view.said_by}).",
            f"{above} hears what {base} hears, and a process listens for ARP on both.",
        ),
        severity=Severity.LATENT,
        confidence=Confidence.LIKELY,
        fixes=(announce_on(above, vip, "a client"),),
    )


def _name_one(vip: Address, client: str) -> Fix:
    text = "Name one of these interfaces under `interfaces` in the L2Advertisement that selects the pool."
    step = Step("cluster", ANYWHERE, "the speaker then answers on that one alone", instructions=text)
    return Fix(f"Announce {vip} on one interface", (step,), check_from_client(vip, client))


def _live_macs(client: VantagePoint, vip: Address) -> tuple[str, ...]:
    """Who answers this client; nobody for one that sends to a gateway, which must not hide what others hear."""
    try:
        return live_macs(client, vip)
    except NotThis:
        return ()


def _diagnosis(network: Network, client: VantagePoint, vip: Address, owners: list[Owner]) -> Diagnosis:
    host = owners[0].vantage_point
    interfaces = ", ".join(owner.link.name for owner in owners)
    return Diagnosis(
        summary=f"{host.name} answers for {vip} on {len(owners)} interfaces: {interfaces}",
        because=(
            *(f"{client.name} hears {owner.link.mac} ({owner}) for {vip}." for owner in owners),
            *_another_announcer(network, vip, owners),
        ),
        severity=Severity.LATENT,
        confidence=Confidence.PROVEN,
        fixes=(_fix(network, client, vip, owners),),
    )


def _another_announcer(network: Network, vip: Address, owners: list[Owner]) -> tuple[str, ...]:
    """What the cluster believes and the answers contradict: the speaker was told of some of these interfaces only."""
    word = told(network, vip, owners[0].vantage_point)
    others = [owner.link.name for owner in owners if word and owner.link.name not in word.interfaces]
    if word is None or not others:
        return ()
    return (
        f"But {word.sentence} On {', '.join(others)} answers somebody else: another announcer, or the kernel.",
    )


def _fix(network: Network, client: VantagePoint, vip: Address, owners: list[Owner]) -> Fix:
    """By the kernel's settings where the kernel answers on several of them; else by the announcer's."""
    host = owners[0].vantage_point
    attachment = network.attachment(client, vip)
    base = attachment.interface.index if attachment else None
    own_mac = next((owner for owner in owners if owner.link.lower == base and base is not None), None)
    if not host.findings[RouteFacts].is_local(vip):
        return announce_on((own_mac or owners[0]).link.name, vip, client.name)
    nearest_first = sorted(owners, key=lambda each: each.link.index != base)
    by_kernel = [each for each in nearest_first if kernel_answers(each, vip)]
    if len(by_kernel) > 1:
        return answer_on_one(by_kernel, vip, client.name)
    return announce_on((*by_kernel, own_mac or owners[0])[0].link.name, vip, client.name)
