"""The client's neighbour entry for the VIP names a MAC that no longer answers for it.

Why: A neighbour entry is used as long as it is valid; a permanent one survives even `ip neigh flush all`. After a move of
the VIP a gratuitous ARP corrects entries, unless it is missed, ignored or not sent. The live answer decides, not the cache.
Seen as: One client (or everything behind one gateway) fails, others reach the VIP.
Told apart from: HD301 by who answers now: a port's MAC that stands only in the cache is this. HD206, where the entry's
MAC is one of several that still answer.
By hand: On the client, compare what it remembers with who answers now.
    ip neigh show to VIP
    arping -c 3 -I IF VIP
Fix: Delete the entry; the next packet resolves it anew.
Unsure when: The scan ran without CAP_NET_RAW: the kernel does not ask for what it believes to know.
References: ip-neighbour(8); arp(7); metallb/metallb#2009; metallb/metallb#571.
"""

from __future__ import annotations

from typing import Literal

from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import NeighbourEntry
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import live_macs, of_failing_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.questions.neighbours import Neighbour
from probes.target import Address


@rule("HD205", "stale-neighbour", Severity.BROKEN, explains=("HD302",), ipv6=Ipv6.PROVEN)
def stale_neighbour(network: Network, vip: Address) -> Verdict:
    """The entry that the client had before the scan differs from who answers now."""
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    live = live_macs(client, vip)
    entry = client.findings[NeighbourFacts].entry(vip)
    if entry is None:
        return Cleared(f"{client.name} had no neighbour entry for {vip}")
    if not client.findings[ArpFacts].sees_duplicates(vip):
        raise MissingFacts(
            f"who answers for {vip} now", client.name, f"run the scan on {client.name} as root"
        )
    if not live:
        return Cleared(f"nobody answers for {vip} now")
    if entry.mac in live:
        return Cleared(f"the neighbour entry of {client.name} ({entry.mac}) is one that answers now")
    return _diagnosis(network, client, vip, entry, live)


def _diagnosis(
    network: Network, client: VantagePoint, vip: Address, entry: Neighbour, live: tuple[str, ...]
) -> Diagnosis:
    link = client.findings[InterfaceFacts].by_index(entry.interface)
    interface = link.name if link else "?"
    permanent = entry.state == "PERMANENT"
    owners = network.owners(entry.mac or "")
    whose = f" ({owners[0]})" if owners else ""
    return Diagnosis(
        summary=f"{client.name} holds a {'permanent' if permanent else 'stale'} neighbour entry for {vip} with a wrong MAC",
        because=(
            symptom(client, vip),
            f"Before the scan, {client.name} had {vip} at {entry.mac}{whose} on {interface}, {entry.state}.",
            f"Asked now, {vip} answers with {', '.join(live)}.",
            *(() if permanent else ("Our asking may just have corrected the entry: scan again.",)),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN if permanent else Confidence.LIKELY,
        fixes=(_forget(client, vip, interface, entry),),
        ruled_out=("HD201: somebody answers.",),
    )


def _forget(client: VantagePoint, vip: Address, interface: str, entry: Neighbour) -> Fix:
    keep: Literal["permanent", "stale"] = "permanent" if entry.state == "PERMANENT" else "stale"
    step = Step(
        place="client",
        machine=client.name,
        why="without an entry the next packet asks anew; flushing alone does not remove a permanent one",
        changes=(NeighbourEntry(str(vip), interface, entry.mac or "", keep),),
    )
    caution = "A permanent entry was set by somebody or something: find out by what, or it comes back."
    cautions = (caution,) if keep == "permanent" else ()
    return Fix(
        f"Delete the wrong neighbour entry on {client.name}",
        (step,),
        check_from_client(vip, client.name),
        cautions,
    )
