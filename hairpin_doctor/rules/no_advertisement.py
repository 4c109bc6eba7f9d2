"""No advertisement of MetalLB selects the pool of the VIP, so nobody announces it.

Why: Since v0.13 MetalLB gives addresses by IPAddressPools and announces them only where an L2Advertisement or a
BGPAdvertisement selects the pool, and only from nodes that its nodeSelectors select. A configuration of another generation
(a ConfigMap, the AddressPool of v0.12) is not read at all.
Seen as: The Service has its address, and nobody answers ARP for it: "no route to host" from every client.
Told apart from: HD102 and HD108 (an advertisement is there, but no speaker may or can follow it), HD104 and HD105 (it
names an interface) by the resources in the cluster.
By hand: See whether any advertisement selects the pool that the address is from.
    kubectl -n metallb-system get ipaddresspools,l2advertisements,bgpadvertisements -o yaml
    kubectl -n NAMESPACE describe service SERVICE
    kubectl -n metallb-system get servicel2statuses
Fix: Create an L2Advertisement for the pool.
Unsure when: The resources may not be read, or something else than MetalLB announces.
References: https://metallb.io/configuration/; https://metallb.io/troubleshooting/; metallb/metallb#2353.
"""

from __future__ import annotations

from hairpin_doctor.cluster_view import ClusterView, names_of
from hairpin_doctor.fixes.announce import advertise_pool, announce_on
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.service_controllers import controllers_of
from hairpin_doctor.situation import is_silent, symptom
from hairpin_doctor.speaker_says import sentences
from hairpin_doctor.told import announced_by_metallb, unanswered_client
from probes.target import Address, resolution


@rule(
    "HD101",
    "no-advertisement",
    Severity.BROKEN,
    explains=("HD201", "HD603"),
    needs_cluster=True,
    ipv6=Ipv6.PROVEN,
)
def no_advertisement(network: Network, vip: Address) -> Verdict:
    """MetalLB gave the address, and nothing tells it to announce it from any node."""
    view = announced_by_metallb(network, vip)
    client = unanswered_client(network, vip)
    why = _why_unannounced(view)
    if why is None:
        return Cleared(f"{names_of((*view.l2, *view.bgp))} advertises {vip}")
    other = next((e for e in controllers_of(view) if e.announces and not e.is_metallb), None)
    if other is not None:
        return Cleared(f"MetalLB only gives the address; {other.called} is to announce it. {other.why}")
    attachment = network.attachment(client, vip)
    pool = view.pool
    fixes = (announce_on(attachment.interface.name, vip, client.name),) if attachment else ()
    if pool is not None and not fixes:
        fixes = (advertise_pool(pool.namespace, pool.name, vip, client.name),)
    silent = is_silent(client, vip)
    return Diagnosis(
        summary=f"nothing tells MetalLB to announce {vip} of {view.service}",
        because=(
            symptom(client, vip),
            *((f"Nobody answers {resolution(vip)} for {vip} at {client.name}.",) if silent else ()),
            f"{why} ({view.said_by}).",
            *(said for host in network.hosts(vip) for said in sentences(host, vip)),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if silent else Confidence.LIKELY,
        fixes=fixes,
        ruled_out=("HD102, HD108: there is no advertisement that a speaker could follow.",),
    )


def _why_unannounced(view: ClusterView) -> str | None:
    pool = view.pool
    if pool is None:
        return f"{view.vip} of {view.service} lies in no IPAddressPool"
    chosen = (*view.l2, *view.bgp)
    if not chosen:
        return f"No L2Advertisement and no BGPAdvertisement selects the pool {pool.name} of {view.service}"
    if not any(each.selects_node(node.labels) for each in chosen for node in view.nodes):
        return f"The nodeSelectors of {names_of(chosen)}, which select the pool {pool.name}, match no node"
    return None
