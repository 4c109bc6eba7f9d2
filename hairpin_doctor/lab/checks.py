"""What a case asserts about its network, seen by real sockets from inside its machines.

Independent of the doctor's probes on purpose: the lab proves that it has the fault before anybody diagnoses it.
Each probe returns one word; a `Check` says which words are right.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol

from hairpin_doctor.lab import exchange
from hairpin_doctor.lab.ip import Address
from hairpin_doctor.lab.topology import Machine

if TYPE_CHECKING:
    from hairpin_doctor.lab.build import Lab


class Probe(Protocol):
    """Something to look at from one machine of a running lab."""

    def observe(self, lab: Lab, role: str) -> str:
        """One word for what was seen."""


@dataclass(frozen=True)
class Tcp:
    """Connect, send a DNS query (port 53) or an HTTP request of at least `size` bytes, wait for an answer.

    served · stalled (handshake, then silence) · refused · unreachable · forbidden (by the machine itself) · silent
    """

    address: Address
    port: int
    size: int = 0

    def observe(self, lab: Lab, role: str) -> str:
        """See the class."""
        return lab.inside(role, lambda: exchange.tcp(self.address, self.port, self.size))


@dataclass(frozen=True)
class Udp:
    """A DNS query over UDP: served · refused · unreachable · forbidden · silent. `source_port` 0: any."""

    address: Address
    port: int = 53
    source_port: int = 0

    def observe(self, lab: Lab, role: str) -> str:
        """See the class."""
        return lab.inside(role, lambda: exchange.udp(self.address, self.port, self.source_port))


@dataclass(frozen=True)
class Dns:
    """What a DNS server says over UDP about "localhost": answered · truncated · rcode N · silent, and Udp's errors."""

    address: Address

    def observe(self, lab: Lab, role: str) -> str:
        """See the class."""
        return lab.inside(role, lambda: exchange.dns(self.address))


@dataclass(frozen=True)
class Ping:
    """An ICMP echo: reply · unreachable · silent."""

    address: Address

    def observe(self, lab: Lab, role: str) -> str:
        """See the class."""
        return lab.inside(role, lambda: exchange.ping(self.address))


@dataclass(frozen=True)
class Arp:
    """Who answers an ARP request within 1.2 s: the MACs, sorted, joined by a comma; or nobody.

    An IPv6 address is asked for by a neighbour solicitation.
    `anonymous`: asked with sender 0.0.0.0, which no rp_filter of the answerer can drop.
    """

    address: Address
    anonymous: bool = False

    def observe(self, lab: Lab, role: str) -> str:
        """See the class."""
        if self.address.version == 6:
            return Ndp(self.address).observe(lab, role)
        nic, own = link_towards(lab.topology.machine(role), self.address)
        sender = ip_address(0) if self.anonymous else own
        answerers = lab.inside(role, lambda: exchange.arp(nic, sender, self.address))
        return macs(*answerers)


@dataclass(frozen=True)
class Ndp:
    """Who answers a neighbour solicitation within 1 s: the MACs, as `Arp` gives them; or nobody.

    `directly_at`: a MAC that the frame goes to, instead of the group's.
    """

    address: Address
    directly_at: str | None = None

    def observe(self, lab: Lab, role: str) -> str:
        """See the class."""
        nic, own = link_towards(lab.topology.machine(role), self.address)
        return macs(*lab.inside(role, lambda: exchange.ndp(nic, own, self.address, self.directly_at)))


@dataclass(frozen=True)
class Flooded:
    """Whether this machine overhears frames of `talker` to a VIP: none · flooded."""

    talker: str
    vip: Address

    def observe(self, lab: Lab, role: str) -> str:
        """See the class."""
        nic = lab.topology.machine(role).interfaces[0].name

        def talk() -> None:
            lab.inside(self.talker, lambda: exchange.udp(self.vip, 53))

        heard = lab.inside(role, lambda: exchange.overheard(nic, self.vip, talk))
        return "flooded" if heard else "none"


@dataclass(frozen=True)
class Check:
    """`probe`, seen from the machine `role`, must give one of the words `right`."""

    role: str
    probe: Probe
    right: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.probe} from {self.role} is {' or '.join(self.right)}"


@dataclass(frozen=True)
class Observation:
    """A check and what was seen."""

    check: Check
    seen: str

    @property
    def holds(self) -> bool:
        """Whether it is as the case says."""
        return self.seen in self.check.right


def observe(lab: Lab, checks: Sequence[Check]) -> list[Observation]:
    """Carry out all checks at the same time; results in the order of `checks`."""
    if not checks:
        return []
    with ThreadPoolExecutor(max_workers=len(checks)) as pool:
        seen = pool.map(lambda check: check.probe.observe(lab, check.role), checks)
        return [Observation(check, word) for check, word in zip(checks, seen, strict=True)]


def macs(*answerers: str) -> str:
    """The word `Arp` gives for these MACs."""
    return ",".join(sorted(set(answerers))) or "nobody"


def link_towards(machine: Machine, address: Address) -> tuple[str, Address]:
    """(interface, own address) to ask for `address` by ARP: the one in its subnet, else the first with any."""
    links = [(nic.name, own) for nic in machine.interfaces for own in nic.addresses]
    direct = [(nic, own.ip) for nic, own in links if address in own.network]
    return direct[0] if direct else (links[0][0], links[0][1].ip)
