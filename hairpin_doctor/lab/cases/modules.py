"""What needs more of the kernel than every machine has: IPVS with its dummy interface, VLANs, a bridge that filters by VLAN.

                        ┌ kube-ipvs0: .53 .50 (IPVS)
laptop ── switch ── eno1 ─┤ bridge0 ├─ vnet1 (in VLAN 1, or in VLAN 20) ── VM
              └ n6: kube-ipvs0 too
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import ip_interface

from hairpin_doctor.lab.cases.case import Case, Expected, Vantage, all_served, all_targets, dns_is
from hairpin_doctor.lab.checks import Arp, Check, Ping, macs
from hairpin_doctor.lab.faults import Fault, announcer, compose, interface, no_announcer, nothing
from hairpin_doctor.lab.homelab import Variant, cluster_services, homelab
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.second_node import second_node
from hairpin_doctor.lab.topology import Bridge, Dummy, Interface, Machine, Port, Ruleset, Topology, Vlan

KUBE_IPVS = "kube-ipvs0"
CLIENT_VLAN = 20


def _virtual_servers(names: Names) -> str:
    """What `ipvsadm -S -n` says on a node whose kube-proxy is in ipvs mode."""
    lines = []
    for service in cluster_services(names):
        for port in service.ports:
            for address in filter(None, (service.cluster_ip, service.vip)):
                front = f"-{port.protocol[0]} {address}:{port.port}"
                lines.append(f"-A {front} -s rr")
                lines += [f"-a {front} -r {each.address}:{port.target} -m -w 1" for each in service.endpoints]
    return "\n".join(lines) + "\n"


def _ipvs(names: Names, *, strict: bool) -> Callable[[Machine], Machine]:
    """kube-proxy in ipvs mode: every VIP on a dummy interface, virtual servers, and no DNAT rule.

    Its few iptables rules, which masquerade by ipset, are left out: no client here needs them.
    """
    dummy = Dummy(name=KUBE_IPVS, addresses=tuple(ip_interface(vip) for vip in names.vips))
    settings = {f"net.ipv4.conf.all.{key}": value for key, value in (("arp_ignore", 1), ("arp_announce", 2))}

    def node(machine: Machine) -> Machine:
        balanced = replace(machine, rulesets=(Ruleset("ipvs", _virtual_servers(names)),))
        return balanced.with_interface(dummy).with_sysctls(
            {"net.ipv4.vs.conntrack": 1, **(settings if strict else {})}
        )

    return node


def _ipvs_homelab(names: Names, variant: Variant) -> Topology:
    return homelab(names, variant).change("host", _ipvs(names, strict=True))


def _without_strict_arp(names: Names) -> Fault:
    """The second node holds the VIPs the same way, and no announcer is needed for the answers."""
    lax = {f"net.ipv4.conf.all.{key}": 0 for key in ("arp_ignore", "arp_announce")}
    alone = compose(no_announcer, lambda topology: topology.change("host", lambda m: m.with_sysctls(lax)))
    return compose(alone, second_node(names, holds_vips=True))


def _two_answer(names: Names) -> tuple[Check, ...]:
    both = macs(names.bridge_mac, names.other_node_mac)
    return (Check("vm", Arp(names.dns_vip), (both,)), Check("vm", Ping(names.dns_vip), ("reply",)))


def _filtering(names: Names, variant: Variant) -> Topology:
    """The homelab's bridge filters by VLAN, everything in VLAN 1; VLAN 20 goes up to it tagged."""
    settings = {"stp_state": 0, "mcast_snooping": 0, "vlan_filtering": 1}

    def filtering(nic: Interface) -> Interface:
        return replace(nic, settings=settings, vlans=(CLIENT_VLAN,)) if isinstance(nic, Bridge) else nic

    return interface("host", names.bridge, filtering)(homelab(names, variant))


def _in_another_vlan(names: Names) -> Fault:
    return interface("host", names.tap, lambda nic: replace(nic, port=Port(vlan=CLIENT_VLAN)))


def _cut_off(names: Names) -> tuple[Check, ...]:
    asked = Check("vm", Arp(names.dns_vip), ("nobody",))
    return (*dns_is("vm", names.dns_vip, "unreachable"), asked, *all_served(names, "laptop"))


def _announced_on_a_vlan(names: Names) -> Fault:
    """The speaker is bound to a VLAN interface on the bridge; the clients send without a tag."""
    tagged = Vlan(name=f"{names.bridge[:10]}.{CLIENT_VLAN}", parent=names.bridge, vlan=CLIENT_VLAN)
    bound = announcer(lambda old: replace(old, interfaces=(tagged.name,), habit="bound"))
    return compose(lambda topology: topology.change("host", lambda m: m.with_interface(tagged)), bound)


def _nobody_answers(names: Names) -> tuple[Check, ...]:
    roles = ("vm", "laptop")
    asked = (Check(role, Arp(names.dns_vip), ("nobody",)) for role in roles)
    silent = (check for role in roles for check in dns_is(role, names.dns_vip, "unreachable"))
    return (*asked, *silent)


_HEALTHY = Case(
    name="healthy-ipvs",
    title="kube-proxy in ipvs mode with strictARP: the VIPs stand on kube-ipvs0, an announcer answers for them.",
    codes=(),
    fault=lambda _: nothing,
    symptom=lambda names: all_served(names, "vm", "laptop"),
    network=_ipvs_homelab,
    call_iptables=1,
    targets=all_targets,
    modules=("ip_vs", "ip_vs_rr", "dummy"),
)

CASES = (
    _HEALTHY,
    replace(
        _HEALTHY,
        name="ipvs-without-strict-arp",
        title="Two nodes hold the VIPs, one on kube-ipvs0, and the kernel of each answers ARP for them.",
        codes=("HD204",),
        fault=_without_strict_arp,
        symptom=_two_answer,
    ),
    replace(
        _HEALTHY,
        name="healthy-vlan-filtering",
        title="The bridge filters by VLAN, and VM, uplink and bridge are in the same one.",
        network=_filtering,
        modules=("8021q",),
    ),
    replace(
        _HEALTHY,
        name="port-in-another-vlan",
        title="The bridge filters by VLAN and files the VM's frames under another VLAN than its own.",
        codes=("HD307",),
        fault=_in_another_vlan,
        symptom=_cut_off,
        network=_filtering,
        modules=("8021q",),
    ),
    replace(
        _HEALTHY,
        name="announced-on-a-vlan",
        title="Announced on a VLAN interface of the bridge, while the clients send without a tag.",
        codes=("HD105",),
        fault=_announced_on_a_vlan,
        symptom=_nobody_answers,
        network=homelab,
        modules=("8021q",),
    ),
)

_FINE = Expected("healthy", ())
_OPEN = Expected("undetermined", ())
EXPECTED: Mapping[str, Mapping[Vantage, Expected]] = {
    # The VIP is an address of the node: ping is answered, so nothing is to be said of ping.
    "healthy-ipvs": {"client": _FINE, "host": _FINE, "both": Expected("healthy", ("HD002",))},
    "ipvs-without-strict-arp": {
        "client": _FINE,
        "host": _FINE,
        "both": Expected("healthy", ("HD204",), ("HD002",)),
    },
    "healthy-vlan-filtering": {
        "client": Expected("healthy", ("HD001",)),
        "host": _FINE,
        # The homelab's own rules masquerade (policy Cluster), as in every case without IPVS.
        "both": Expected("healthy", ("HD001", "HD002"), ("HD509",)),
    },
    "port-in-another-vlan": {"client": _OPEN, "host": _FINE, "both": Expected("diagnosed", ("HD307",))},
    "announced-on-a-vlan": {"client": _OPEN, "host": _OPEN, "both": Expected("diagnosed", ("HD105",))},
}
"""By hand, as in expected.py."""
