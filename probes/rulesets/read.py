"""Ask a machine for its rulesets: iptables-nft, iptables-legacy and nftables, each family that matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from probes.host import Absent, Denied, Host, Unanswered
from probes.probe import Scope
from probes.questions.firewall import IptablesRules, NftRuleset
from probes.questions.links import Links
from probes.questions.routing import RouteTo
from probes.rulesets import iptables, nftables
from probes.rulesets.model import BadRuleset, Ruleset
from probes.rulesets.path import Leg
from probes.target import Address

MOST_BRIDGES = 16
Family = Literal[4, 6]
FAMILY_NAMES: dict[Family, str] = {4: "ip", 6: "ip6"}


@dataclass(frozen=True)
class Rulesets:
    """What could be read, and a sentence for each ruleset that could not."""

    read: tuple[Ruleset, ...]
    unread: tuple[str, ...]


class _Reading:
    """Collects what can be read and why the rest cannot."""

    def __init__(self) -> None:
        self.read: list[Ruleset] = []
        self.unread: list[str] = []
        self.refusals: list[Unanswered] = []
        self.managed: set[tuple[str, str]] = set()

    def attempt(self, name: str, parse: Callable[[], Ruleset]) -> None:
        try:
            self.read.append(parse())
        except Unanswered as error:
            self.refusals.append(error)
            self.unread.append(f"The {name} ruleset could not be read: {error}.")
        except BadRuleset as error:
            self.unread.append(str(error))


def read_rulesets(host: Host, families: Iterable[Family]) -> Rulesets:
    """Read every ruleset of these families.

    Tables that iptables-nft manages are taken from iptables-nft-save and skipped in nft's JSON. Raises Denied where
    nothing can be read for lack of rights, else Absent or Silent where nothing can be read for another reason.
    """
    reading = _Reading()
    for family in families:
        name = "iptables" if family == 4 else "ip6tables"
        reading.attempt(f"{name}-nft", partial(_iptables, host, "nft", family, reading.managed))
        reading.attempt(f"{name}-legacy", partial(_iptables, host, "legacy", family, set()))
    reading.attempt("nftables", lambda: nftables.parse(host.ask(NftRuleset()), frozenset(reading.managed)))
    if not reading.read:
        denied = [error for error in reading.refusals if isinstance(error, Denied)]
        raise (denied or reading.refusals or [Absent(" ".join(reading.unread))])[0]
    return Rulesets(tuple(reading.read), tuple(reading.unread))


def _iptables(
    host: Host, variant: Literal["nft", "legacy"], family: Family, managed: set[tuple[str, str]]
) -> Ruleset:
    text = host.ask(IptablesRules(variant, family))
    ruleset = iptables.parse(text, "iptables-nft" if variant == "nft" else "iptables-legacy", family)
    managed |= {(FAMILY_NAMES[family], table) for table in iptables.managed_tables(text)}
    return ruleset


def families_of(scope: Scope) -> tuple[Family, ...]:
    """The families of the VIPs in scope; both where there is none, since then VIPs are to be discovered."""
    versions = {vip.version for vip in scope.vips}
    found: tuple[Family, ...] = (4, 6)
    return tuple(family for family in found if not versions or family in versions)


def is_local(host: Host, address: Address) -> bool | None:
    """Does the kernel deliver packets to this address to the machine itself? None where it cannot be asked."""
    try:
        return host.ask(RouteTo(address)).type == "local"
    except Absent:
        return False
    except Unanswered:
        return None


def interface_to(host: Host, address: Address) -> str | None:
    """The interface that packets to this address leave by, which is also where packets from it are expected."""
    try:
        return host.ask(RouteTo(address)).interface
    except Unanswered:
        return None


def leave(host: Host, leg: Leg) -> Leg:
    """The leg with what the kernel's routes tell of it: does it end on this machine, and by which interface not?"""
    destination = leg.packet.destination
    local = is_local(host, destination)
    outgoing = None if local else interface_to(host, destination)
    return replace(leg, packet=replace(leg.packet, destination_local=local, outgoing=outgoing))


def bridge_names(host: Host) -> tuple[str | None, ...]:
    """Names of the bridges that have ports; one unknown name where the links cannot be listed."""
    try:
        links = host.ask(Links())
    except Unanswered:
        return (None,)
    masters = {link.master for link in links}
    return tuple(link.name for link in links if link.kind == "bridge" and link.index in masters)[
        :MOST_BRIDGES
    ]
