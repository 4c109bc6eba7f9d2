"""iptables-legacy and iptables-nft both hold rules, and the one that does not hold the service drops its packets.

Why: They are two packet filters of one kernel, and every packet passes both. An accept in one says nothing to the other,
so a policy DROP that another program left in the one stops what the service proxy accepts in the other.
Seen as: As HD405, while `iptables -L` shows nothing that drops: that command lists one of the two only.
Told apart from: HD405 by the backend that drops, which is another one than the backend that translates.
By hand: Both backends hold rules, and a policy or rule of the one counts the client's packets.
    iptables-legacy-save -c
    iptables-nft-save -c
    iptables --version
Fix: Accept the service's connections in the backend that drops, then have all programs use one backend.
Unsure when: One of the two could not be read.
References: xtables-nft(8); https://wiki.nftables.org/wiki-nftables/index.php/Moving_from_iptables_to_nftables; nft(8).
"""

from __future__ import annotations

from hairpin_doctor.arrival import Arrival, arrivals
from hairpin_doctor.fixes.allow import allow
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.packet_filter import Stopped, stopped
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import symptom
from probes.forward_chain import ForwardChainFacts
from probes.service_rules import ServiceRulesFacts
from probes.target import Address

LEGACY = "iptables-legacy"


@rule("HD504", "legacy-and-nft-rules-mixed", Severity.BROKEN, explains=("HD302", "HD405"), ipv6=Ipv6.PROVEN)
def legacy_and_nft_rules_mixed(network: Network, vip: Address) -> Verdict:
    """What surely drops stands in iptables-legacy and the service elsewhere, or the reverse."""
    found = arrivals(network, vip, "whether it mixes two packet filters")
    for arrival in found:
        stops = _across(arrival, vip)
        if stops:
            return _diagnosis(arrival, vip, stops)
    return Cleared(f"on {found[0].host.name} no packet filter drops what another one translates")


def _across(arrival: Arrival, vip: Address) -> list[Stopped]:
    rules, host = arrival.host.findings[ServiceRulesFacts], arrival.host
    found = []
    for each in stopped(host, arrival.client, vip, arrival.ports):
        programmed = rules.at(vip, each.port.port, each.port.protocol)
        holds = {one.backend for one in programmed if one.kind == "dnat"}
        if holds and each.by.backend not in holds and LEGACY in (each.by.backend, *holds):
            found.append(each)
    return found


def _diagnosis(arrival: Arrival, vip: Address, stops: list[Stopped]) -> Diagnosis:
    host, client, first = arrival.host, arrival.client, stops[0]
    populated = ", ".join(host.findings[ForwardChainFacts].populated)
    rules = host.findings[ServiceRulesFacts].at(vip, first.port.port, first.port.protocol)
    holds = ", ".join(dict.fromkeys(each.backend for each in rules))
    return Diagnosis(
        summary=f"{first.by.backend} on {host.name} drops what {holds} translates for {vip}",
        because=(
            symptom(client, vip),
            f"Rules are in force in {populated} at once.",
            f"{holds} translates {first.port}; {first.by.backend} stops it: {first.by.table} {first.by.chain}, "
            f"{first.by.rule}.",
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.LIKELY if arrival.sure else Confidence.POSSIBLE,
        fixes=(allow(host.name, vip, client.name, stops), _one(host.name, vip, client.name)),
        ruled_out=("HD502, HD505: the service proxy translates and accepts it.",),
    )


def _one(host: str, vip: Address, client: str) -> Fix:
    text = (
        "Let every program on the node use one backend (`update-alternatives --config iptables`), restart each of them, "
        "then empty the other one; a reboot does it too. Undo: choose the former alternative."
    )
    step = Step("host", host, "one packet filter can be seen and reasoned about", instructions=text)
    return Fix("Use one of the two", (step,), check_from_client(vip, client))
