"""What a case of the lab is: a healthy network, one fault, the symptom, and the verdict expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from hairpin_doctor.lab.checks import Check, Tcp, Udp
from hairpin_doctor.lab.daemon import Daemon
from hairpin_doctor.lab.faults import Fault
from hairpin_doctor.lab.homelab import Variant, cluster_services, homelab
from hairpin_doctor.lab.ip import Address
from hairpin_doctor.lab.kube_proxy import Service
from hairpin_doctor.lab.kube_proxy.service import socket_address
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.topology import Topology

Vantage = Literal["client", "host", "both", "all"]


@dataclass(frozen=True)
class Expected:
    """What the doctor must say: the verdict, these codes in this order, and others that are not wrong."""

    verdict: str
    codes: tuple[str, ...]
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case. `client` and `host` are roles of machines in `network`, which is healthy.

    `call_iptables`: the value the fault needs, None for either. `cluster`: the Services as its API holds them, which
    kubectl changes. `addressed`: the names with the addresses that its machines have. Where a fix is advice only:
    `repair`, a machine's role and the daemon it gets, or `recovered`, what becomes of the Services, or `by_hand`, a
    machine's role and the shell commands typed there. `moved`: the targets afterwards, where the VIP has become another.
    `others`: roles of further clients; "all" is then what the host says with every client's report, and `suffers` are those
    whom its broken causes must speak of, and nobody else.
    `modules`: of the kernel, without which it cannot be built; such cases run in `make lab-vm`.
    `afterwards`: what both together must say after the first cause is mended, and after the next, while causes are left.
    """

    name: str
    title: str
    codes: tuple[str, ...]
    fault: Callable[[Names], Fault]
    symptom: Callable[[Names], tuple[Check, ...]]
    network: Callable[[Names, Variant], Topology] = homelab
    call_iptables: Literal[0, 1] | None = None
    every_variant: bool = False
    client: str = "vm"
    host: str = "host"
    targets: Callable[[Names], tuple[str, ...]] = field(
        default=lambda names: (target(names.dns_vip, 53, "udp"),)
    )
    cluster: Callable[[Names], tuple[Service, ...]] = cluster_services
    addressed: Callable[[Names], Names] = field(default=lambda names: names)
    repair: Callable[[Names], tuple[str, Daemon]] | None = None
    recovered: Callable[[Names], tuple[Service, ...]] | None = None
    by_hand: Callable[[Names], tuple[str, str]] | None = None
    moved: Callable[[Names], tuple[str, ...]] | None = None
    expected: Mapping[Vantage, Expected] = field(default_factory=dict)
    afterwards: tuple[Expected, ...] = ()
    others: tuple[str, ...] = ()
    suffers: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    def variants(self) -> tuple[Variant, ...]:
        """The variants the case is tested in."""
        calls: tuple[Literal[0, 1], ...] = (1, 0) if self.call_iptables is None else (self.call_iptables,)
        if not self.every_variant:
            return (Variant(call_iptables=calls[0]),)
        return tuple(Variant(mode, call) for mode in ("iptables", "nftables") for call in calls)

    def variant(self, kube_proxy: Literal["iptables", "nftables"] = "iptables") -> Variant:
        """The variant it is built in when nobody asks for another."""
        return replace(self.variants()[0], kube_proxy=kube_proxy)

    def build(self, names: Names, variant: Variant | None = None) -> Topology:
        """The network with the fault. A `variant` whose call_iptables the fault cannot do with is corrected."""
        chosen = variant or self.variant()
        if self.call_iptables is not None:
            chosen = replace(chosen, call_iptables=self.call_iptables)
        return self.fault(names)(self.network(names, chosen))

    def checks(self, names: Names) -> tuple[Check, ...]:
        """The symptom, as checks with these names."""
        return self.symptom(names)


def target(vip: Address, port: int, protocol: Literal["tcp", "udp"]) -> str:
    """A target in the notation of `scan`."""
    return f"{socket_address(vip, port)}/{protocol}"


def dns_is(role: str, vip: Address, *right: str) -> tuple[Check, ...]:
    """DNS over UDP and over TCP, from `role`."""
    return (Check(role, Udp(vip), right), Check(role, Tcp(vip, 53), right))


def all_served(names: Names, *roles: str) -> tuple[Check, ...]:
    """Every port of both VIPs is served to each of `roles`."""
    checks: list[Check] = []
    for role in roles:
        web = (Check(role, Tcp(names.web_vip, port), ("served",)) for port in (80, 443))
        checks += [*dns_is(role, names.dns_vip, "served"), *web]
    return tuple(checks)


def dns_targets(names: Names) -> tuple[str, ...]:
    """The DNS Service over both protocols."""
    return (target(names.dns_vip, 53, "udp"), target(names.dns_vip, 53, "tcp"))


def all_targets(names: Names) -> tuple[str, ...]:
    """Every port of both VIPs, in the notation of `scan`."""
    return (*dns_targets(names), *(target(names.web_vip, port, "tcp") for port in (80, 443)))
