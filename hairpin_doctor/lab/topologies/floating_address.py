"""The VIP is an address of the kernel, put there by keepalived or kube-vip, which answers ARP for it by itself.

laptop .100 ─┐           ┌ eno1 .246, .53/32, .50/32
  router .1 ─┼─ switch ──┤ host "n5" ── pods (kube-vip: kube-proxy sends the VIPs' ports to them)
    │        ┘           └ keepalived: a DNS server of the host itself listens on .53, no kube-proxy at all
  remote client
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface

from hairpin_doctor.lab.homelab import Variant, homelab
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.services import ANNOUNCER, dns_server
from hairpin_doctor.lab.topologies.plain_nic import plain_nic
from hairpin_doctor.lab.topology import Machine, Topology, change_interface


def kube_vip(names: Names, variant: Variant) -> Topology:
    """kube-vip on the homelab's bridge: every client reaches every VIP."""
    return homelab(names, variant).change("host", lambda host: _holds(host, names.bridge, names))


def keepalived(names: Names, variant: Variant) -> Topology:
    """Not Kubernetes at all: every client reaches the DNS VIP, which the host serves by itself."""
    server = dns_server(names.dns_vip, {names.dns_record: names.vm_ip})

    def serve(host: Machine) -> Machine:
        return replace(_holds(host, names.uplink, names), rulesets=()).with_daemon(server)

    return plain_nic(names, variant).change("host", serve)


def _holds(host: Machine, interface: str, names: Names) -> Machine:
    """`host` with the VIPs as /32 of that interface, and no speaker."""
    vips = tuple(ip_interface(vip) for vip in names.vips)
    held = change_interface(host, interface, lambda nic: replace(nic, addresses=(*nic.addresses, *vips)))
    return held.without_daemon(ANNOUNCER)
