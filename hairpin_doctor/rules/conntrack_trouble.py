"""Connection tracking on the node is full: the kernel drops the packets of every new flow.

Why: Each flow that the node sees has an entry, up to nf_conntrack_max. What is established is not evicted for a new one; so
with a full table new packets are dropped, before any rule sees them and whatever they are for. One busy or broken program,
a scan of the network or long timeouts fill it.
Seen as: Connections that stand go on, new ones time out, ping too, for all addresses of the node; ARP is answered. It comes
and goes with the load.
Told apart from: HD405 and HD305 by the table, which drops before any rule; HD303 and HD508, whose evidence is silence, by
the counter; HD407 by small packets, which fail as well.
By hand: On the node: entries and limit, the counter "drop", and what fills the table.
    sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max
    conntrack -S
    dmesg | grep "table full"
Fix: Raise the limit (an entry takes about 300 bytes) where it is set: kube-proxy sets it at its start. Find what fills it.
Unsure when: Only root sees how much is dropped. Packets that connection tracking takes for INVALID, and a rule that drops
those, come with load: a scan does not provoke them.
References: Documentation/networking/nf_conntrack-sysctl.rst; net/netfilter/nf_conntrack_core.c; conntrack(8).
"""

from __future__ import annotations

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look, Sysctl
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import failing_clients, names, symptom
from hairpin_doctor.states import Works
from hairpin_doctor.vantage_point import VantagePoint
from probes.connection_table import ConnectionTableFacts
from probes.connections import ConnectionFacts
from probes.endpoints import EndpointFacts
from probes.target import Address

LIMIT = "net/netfilter/nf_conntrack_max"


@rule("HD408", "conntrack-trouble", Severity.BROKEN, explains=("HD302", "HD303", "HD508"), ipv6=Ipv6.PROVEN)
def conntrack_trouble(network: Network, vip: Address) -> Verdict:
    """A full table, and packets dropped for want of room in it while we looked."""
    hosts = network.hosts(vip)
    if not hosts:
        failing_clients(network, vip)
        raise network.need_host(vip, "whether its table of connections is full")
    for host in hosts:
        facts = host.findings.get(ConnectionTableFacts)
        if facts is not None and facts.is_full:
            return _full(network, vip, host, facts)
    for host in hosts:
        if not _takes_new_flows(host):
            _ = host.findings[ConnectionTableFacts]  # raises where it was not seen
    return Cleared(f"the table of connections of {names(hosts)} has room")


def _takes_new_flows(host: VantagePoint) -> bool:
    """Whether it remembers flows to the VIP, or its own attempts got through."""
    tracked, ends = host.findings.get(ConnectionFacts), host.findings.get(EndpointFacts)
    served = any(each.answers for each in (ends.endpoints if ends else ()))
    return bool(tracked and tracked.entries) or served or any(s.works is Works.YES for s in host.states)


def _full(network: Network, vip: Address, host: VantagePoint, facts: ConnectionTableFacts) -> Verdict:
    of = f"{facts.entries} of {facts.maximum}"
    if facts.dropped is None:
        what = f"whether {host.name} drops packets: its table of connections is full ({of} entries)"
        return Undetermined(
            what, f"on {host.name}: sudo hairpin-doctor scan {vip}", suspected=_fails(network, vip)
        )
    breaks = facts.dropped > 0
    client = next(iter(network.failing(vip)), host)
    dropped = f"It dropped {facts.dropped} packets for want of room while the scan ran; rules never saw them."
    return Diagnosis(
        summary=f"the table of connections of {host.name} is full ({of} entries)"
        + (": new flows are dropped" if breaks else ""),
        because=(
            *((symptom(client, vip),) if _fails(network, vip) else ()),
            f"{host.name} tracks {facts.entries} flows, and its limit is {facts.maximum}.",
            dropped
            if breaks
            else "Nothing was dropped while the scan ran: it evicted unanswered flows in time.",
        ),
        severity=Severity.BROKEN if breaks else Severity.LATENT,
        confidence=Confidence.PROVEN if breaks else Confidence.LIKELY,
        fixes=(_raise(vip, host, client, facts.maximum),),
        ruled_out=("HD405, HD305: what is dropped here meets no rule.",) if breaks else (),
    )


def _fails(network: Network, vip: Address) -> bool:
    return any(state.works is Works.NO for point in network.vantage_points for state in point.states_of(vip))


def _raise(vip: Address, host: VantagePoint, client: VantagePoint, maximum: int) -> Fix:
    more = Step(
        place="host",
        machine=host.name,
        why="there is room for new flows again, at about 300 bytes each",
        changes=(Sysctl(LIMIT, maximum * 2, maximum),),
    )
    look = Step(
        place="host",
        machine=host.name,
        why="whoever has most flows fills it, or timeouts are too long for what it serves",
        changes=(
            Look("conntrack -L | grep -o 'src=[^ ]*' | sort | uniq -c | sort -n | tail"),
            Look("sysctl -a -r nf_conntrack.*timeout"),
        ),
    )
    cautions = (
        "kube-proxy sets the limit at its start (conntrack.maxPerCore, 32768 per CPU, and conntrack.min, 131072), unless "
        "maxPerCore is 0: raise it there too.",
        "Of a container's or namespace's table the limit is that of the whole machine: set it there.",
    )
    return Fix("Make room for more connections", (more, look), check_from_client(vip, client.name), cautions)
