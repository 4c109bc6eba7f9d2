"""One node answers ARP for the VIP on several interfaces of the same segment.

Why: An L2Advertisement without `interfaces` makes the speaker answer on every interface that hears the request: on the
bridge and on the macvlan above it, or on two NICs in one LAN. Every client takes the answer that comes last or first,
and their traffic takes different ways into the node. arp_ignore does not affect a speaker, which answers by itself.
Seen as: Several MACs for the VIP, all of one machine; it works until one of the ways does not.
Told apart from: HD202 (MACs of two nodes), HD206 (the gateway's), HD203 (a stranger's) by the owners of the MACs.
By hand: Several MACs answer one request; on the host all of them are its own.
    arping -b -c 3 -I IF VIP
    ip -br link
    kubectl -n metallb-system get l2advertisements -o yaml
Fix: Name one interface in the L2Advertisement; for a VIP that the kernel itself carries, arp_ignore and arp_announce.
Unsure when: Only a client was scanned: then the owners of the MACs are unknown.
References: arping(8); metallb/metallb#531; metallb/metallb#277;
https://metallb.io/configuration/_advanced_l2_configuration/.
"""

from __future__ import annotations

from hairpin_doctor.fixes.announce import announce_on, check_from_client
from hairpin_doctor.fixes.changes import Sysctl
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network, Owner
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Severity, Verdict, rule
from hairpin_doctor.situation import NotThis, live_macs, names
from hairpin_doctor.vantage_point import VantagePoint
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.routes import RouteFacts
from probes.target import Address


@rule("HD106", "announced-by-many-interfaces", Severity.LATENT)
def announced_by_many_interfaces(network: Network, vip: Address) -> Verdict:
    """Two or more answering MACs are interfaces of one machine."""
    clients = network.clients(vip)
    if not clients:
        raise network.need_client(vip, f"how many MACs answer for {vip}")
    reason = f"no two MACs answer for {vip} at {names(clients)}"
    for client in clients:
        strange = [mac for mac in client.gateway_macs() if not network.owners(mac)]  # proxy ARP: HD206
        macs = [mac for mac in _live_macs(client, vip) if mac not in strange]
        if len(macs) < 2:
            continue
        if not network.hosts(vip):
            raise network.need_host(vip, f"whose MACs {', '.join(macs)} are")
        for host in network.hosts(vip):
            owners = [
                owner for mac in macs for owner in network.owners(mac)[:1] if owner.vantage_point is host
            ]
            if len({owner.link.index for owner in owners}) > 1:
                return _diagnosis(network, client, vip, owners)
        reason = f"the MACs {', '.join(macs)} do not belong to one known machine"
    return Cleared(reason)


def _live_macs(client: VantagePoint, vip: Address) -> tuple[str, ...]:
    """Who answers this client; nobody for one that sends to a gateway, which must not hide what others hear."""
    try:
        return live_macs(client, vip)
    except NotThis:
        return ()


def _diagnosis(network: Network, client: VantagePoint, vip: Address, owners: list[Owner]) -> Diagnosis:
    host = owners[0].vantage_point
    interfaces = ", ".join(owner.link.name for owner in owners)
    return Diagnosis(
        summary=f"{host.name} answers for {vip} on {len(owners)} interfaces: {interfaces}",
        because=tuple(f"{client.name} hears {owner.link.mac} ({owner}) for {vip}." for owner in owners),
        severity=Severity.LATENT,
        confidence=Confidence.PROVEN,
        fixes=(_fix(network, client, vip, owners),),
    )


def _fix(network: Network, client: VantagePoint, vip: Address, owners: list[Owner]) -> Fix:
    host = owners[0].vantage_point
    if host.findings[RouteFacts].is_local(vip):
        return _kernel_answers_once(client, vip, owners)
    attachment = network.attachment(client, vip)
    base = attachment.interface.index if attachment else None
    own_mac = next((owner for owner in owners if owner.link.lower == base and base is not None), None)
    return announce_on((own_mac or owners[0]).link.name, vip, client.name)


def _kernel_answers_once(client: VantagePoint, vip: Address, owners: list[Owner]) -> Fix:
    host = owners[0].vantage_point
    wanted = {"arp_ignore": 1, "arp_announce": 2}
    step = Step(
        place="host",
        machine=host.name,
        why="the kernel then answers for an address only on the interface that carries it",
        changes=tuple(
            Sysctl(f"net/ipv4/conf/{owner.link.name}/{name}", value, _found(owner, name))
            for owner in owners
            for name, value in wanted.items()
        ),
    )
    return Fix(f"One answerer for {vip} on {host.name}", (step,), check_from_client(vip, client.name))


def _found(owner: Owner, name: str) -> int:
    """The interface's own value, before."""
    settings = owner.vantage_point.findings[InterfaceSysctlFacts].own
    found = next((each for each in settings if each.interface == owner.link.name), None)
    value = getattr(found, name, None)
    return value if isinstance(value, int) else 0
