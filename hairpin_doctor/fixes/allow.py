"""Fixes that let a service's packets pass just in front of the rule or policy that stops them, in its own chain.

An accept ends only the base chain it stands in (nft(8), VERDICT STATEMENT), so it must stand in the chain that drops.
Conntrack's original destination holds for both directions of a translated connection.
"""

from __future__ import annotations

from collections.abc import Iterable
from shlex import quote
from typing import Any, cast

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import IptablesRule, NftRule
from hairpin_doctor.fixes.changes.packet_filter import IPTABLES
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.packet_filter import Stopped
from probes.rulesets.passage import Stopper
from probes.target import Address

MARK = "hairpin-doctor"
PERSIST = (
    "Put the same rule where this firewall is configured (DOCKER-USER for Docker, before.rules for ufw, a policy for "
    "firewalld): these commands last until it is loaded anew."
)


def allow(host: str, vip: Address, client: str, found: Iterable[Stopped]) -> Fix:
    """Accept the connections to these ports of the VIP in front of what stops them."""
    step = Step(
        place="host",
        machine=host,
        why="connections to the VIP, both directions of them, pass before the rule that stops them is met",
        changes=tuple(dict.fromkeys(_accept(each, vip, matches(each, vip)) for each in found)),
    )
    return Fix(
        f"Accept connections to {vip} before that rule", (step,), check_from_client(vip, client), (PERSIST,)
    )


def allow_on_the_client(vip: Address, client: str, found: Iterable[Stopped]) -> Fix:
    """The same in the client's own packet filter."""
    step = Step(
        place="client",
        machine=client,
        why=f"what {client} sends to the VIP, and the answers, pass before the rule that stops them is met",
        changes=tuple(dict.fromkeys(_accept(each, vip, matches(each, vip)) for each in found)),
    )
    return Fix(
        f"Accept connections to {vip} in {client}'s own packet filter",
        (step,),
        check_from_client(vip, client),
        (PERSIST,),
    )


def accept_bridged(host: str, vip: Address, client: str, bridge: str, found: Iterable[Stopped]) -> Fix:
    """Let frames that the bridge merely passes on go by the chain that stops them."""
    step = Step(
        place="host",
        machine=host,
        why=f"what {bridge} only bridges is not this machine's traffic and passes untouched",
        changes=tuple(dict.fromkeys(_accept(each, vip, _bridged(each.by, bridge)) for each in found)),
    )
    return Fix(
        f"Accept frames that {bridge} only bridges", (step,), check_from_client(vip, client), (PERSIST,)
    )


def matches(found: Stopped, vip: Address) -> str:
    """What selects the connections to the port, in the words of the tool that holds the rule."""
    port, before = found.port, found.by.hook == "prerouting"
    if found.by.backend != "nftables":
        if before:
            return f"-d {vip} -p {port.protocol} --dport {port.port}"
        return f"-p {port.protocol} -m conntrack --ctorigdst {vip} --ctorigdstport {port.port}"
    family = "ip6" if vip.version == 6 else "ip"
    if before or found.by.table.startswith("bridge "):
        return f"{family} daddr {vip} {port.protocol} dport {port.port}"
    return f"meta l4proto {port.protocol} ct original {family} daddr {vip} ct original proto-dst {port.port}"


def _bridged(by: Stopper, bridge: str) -> str:
    if by.backend != "nftables":
        return "-m physdev --physdev-is-bridged"
    return f"iifname {quote(bridge)} oifname {quote(bridge)}"


def _accept(found: Stopped, vip: Address, selects: str) -> IptablesRule | NftRule:
    """Accept in front of what stops it. An nftables rule is found again by its comment."""
    by = found.by
    if by.backend != "nftables":
        tool = by.backend.replace("iptables", IPTABLES[vip.version])
        return IptablesRule(tool, by.table, by.chain, f"{selects} -j ACCEPT")
    family, _, table = by.table.partition(" ")
    mark = f"{MARK}-{vip}-{found.port.protocol}-{found.port.port}".replace(":", "_")
    return NftRule(cast(Any, family), table, by.chain, f"{selects} accept", mark)
