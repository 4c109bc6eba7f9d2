"""Another machine has the VIP as an address of its own and answers ARP for it.

Why: Nobody guards an address of a pool: a machine that was given it by hand or by DHCP answers every ARP request
for it (RFC 826), beside the announcer or in its place. A client takes one of the answers (Linux: the first, for a second)
and keeps it; where that is the stranger, its packets end at a machine that knows nothing of the service.
Seen as: Connections are refused or silent, now and then or for some clients only; ping answers, though the VIP of a
Service in iptables or nftables mode never answers ping.
Told apart from: HD202 by what the machine does when asked past the cache, at its MAC: it holds the address (it
answers an echo request with a TTL of 1) and its own stack refuses the service's port, which the rules of a node would
translate. HD206 by the gateway's MAC, unless the gateway holds the address as well (over IPv6 an owner's advertisement has
the Override flag, a proxy's has not), HD109 by an address that is the machine's main one, HD205 by the live answer.
By hand: On a client, one of the MACs that answer is no node's; the first half of a MAC names its maker.
    arping -c 3 -I IF VIP
    ip neigh show to VIP
    kubectl get nodes -o wide
Fix: Take the address from the other machine, or move the VIP.
Unsure when: The machine is silent when asked (a firewall), or only one machine answers: it may be the one that is meant to,
with its service down (where no scanned machine has rules for the VIP, or it holds the address without a subnet).
References: RFC 5227; arping(8); metallb/metallb#306.
"""

from __future__ import annotations

from hairpin_doctor.claimants import Claimant, claimants, holds_address, is_node, met, ports, programs_others
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.fixes.forget import forget
from hairpin_doctor.fixes.give_up_address import RETURNS, give_up
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Undetermined, Verdict, rule
from hairpin_doctor.situation import is_the_gateway, names, symptom
from hairpin_doctor.states import Works
from hairpin_doctor.vantage_point import VantagePoint
from probes.interfaces import InterfaceFacts
from probes.service_rules import ServiceRulesFacts
from probes.target import Address, resolution


@rule("HD203", "duplicate-address", Severity.BROKEN, explains=("HD205", "HD302", "HD510"), ipv6=Ipv6.PROVEN)
def duplicate_address(network: Network, vip: Address) -> Verdict:
    """A claimant holds the address and refuses the service that others serve."""
    clients = network.clients(vip)
    holder = _holds_what_a_node_serves(network, vip)
    if not clients:
        return holder or _from_the_machine_alone(network, vip)
    found = _among_those_who_answer(network, vip, clients)
    return found if isinstance(found, Diagnosis) else holder or found


def _among_those_who_answer(network: Network, vip: Address, clients: tuple[VantagePoint, ...]) -> Verdict:
    open_question: Undetermined | None = None
    for client in sorted(clients, key=lambda each: each not in network.failing(vip)):
        everybody = claimants(network, client, vip)
        for each in everybody:
            if (
                (each.gateway and (not each.holds or is_the_gateway(client, vip)))  # HD206, HD109
                or is_node(each.machine, vip)
                or _is_the_clients_own(client, each, vip)
            ):
                continue
            if len(everybody) == 1 and programs_others(each.machine):
                continue  # a node that does not know this Service: HD501
            verdict = _judge(network, client, vip, each, [c for c in everybody if c is not each])
            if isinstance(verdict, Diagnosis):
                return verdict
            open_question = open_question or verdict
    return open_question or Cleared(
        f"no machine but nodes and gateways answers for {vip} at {names(clients)}"
    )


def _is_the_clients_own(client: VantagePoint, claimant: Claimant, vip: Address) -> bool:
    link = client.link_towards(vip)
    return link is not None and link.mac == claimant.mac


def _judge(
    network: Network, client: VantagePoint, vip: Address, stranger: Claimant, others: list[Claimant]
) -> Diagnosis | Undetermined | None:
    others = [each for each in others if not each.gateway or each.holds]
    if stranger.serves or (stranger.did and stranger.did.forwarded_by and not stranger.holds):
        return None
    if stranger.did is None or not (stranger.holds and stranger.refuses):
        return _who_is_it(network, client, vip, stranger) if others else None
    if not others and _may_be_meant_to_hold(network, vip, stranger):
        return _meant_to_be_there(vip, stranger)
    served = [each for each in others if each.serves]
    known = [each for each in others if is_node(each.machine, vip)]
    if stranger.machine is None and any(holds_address(each.machine, vip) for each in known):
        return _who_is_it(network, client, vip, stranger)
    if served or known or holds_address(stranger.machine, vip):
        certain = bool(served and (known or stranger.machine))
        return _diagnosis(network, client, vip, stranger, served or known, certain)
    if _refuses_what_nodes_translate(network, vip, stranger):
        return _diagnosis(network, client, vip, stranger, [], certain=False)
    missing = network.need_host(
        vip, f"whether {stranger}, which refuses {ports(stranger.refuses)}, is a node"
    )
    return Undetermined(missing.what, missing.how_to_get, suspected=True)


def _may_be_meant_to_hold(network: Network, vip: Address, holder: Claimant) -> bool:
    """Whether a scanned machine holds it and no scanned one has rules for it, or holds it without a subnet."""
    interfaces = holder.machine.findings.get(InterfaceFacts) if holder.machine else None
    link = interfaces.with_address(vip) if interfaces else None
    if interfaces is None or link is None:
        return False
    alone = any(each.address == vip and each.prefix_length == vip.max_prefixlen for each in link.addresses)
    floating = alone and any(address != vip for _, address in interfaces.own_addresses())
    return floating or not _refuses_what_nodes_translate(network, vip, holder)


def _meant_to_be_there(vip: Address, holder: Claimant) -> Undetermined:
    name = holder.machine.name if holder.machine else holder.mac
    what = (
        f"{name} alone answers for {vip}, holds it as an address of its own, as keepalived and kube-vip put it there, "
        f"and refuses {ports(holder.refuses)} itself: whether it is meant to serve it"
    )
    how = f"on {name}: ss -lntup, and whether the service that should listen there (HAProxy, kube-proxy) runs"
    return Undetermined(what, how)


def _who_is_it(network: Network, client: VantagePoint, vip: Address, stranger: Claimant) -> Undetermined:
    missing = network.need_host(vip, f"whose MAC {stranger} is")
    how = missing.how_to_get
    if stranger.did is None:
        how = f"run the scan on {client.name} as root: it then asks that machine itself"
    elif stranger.address:
        how = f"on {stranger.address}: sudo hairpin-doctor scan --with <this report>"
    what = f"{len(claimants(network, client, vip))} machines answer for {vip}: whose MAC is {stranger}"
    return Undetermined(what, how, suspected=client in network.failing(vip))


def _refuses_what_nodes_translate(network: Network, vip: Address, stranger: Claimant) -> bool:
    """A node would translate these ports: a scanned one does, and does not hold the address as the stranger does."""
    for host in network.hosts(vip):
        rules = host.findings.get(ServiceRulesFacts)
        wanted = [each.target for each in stranger.refuses]
        if rules and not holds_address(host, vip):
            return any(t.port and t.protocol and rules.serves(vip, t.port, t.protocol) for t in wanted)
    return False


def _diagnosis(
    network: Network,
    client: VantagePoint,
    vip: Address,
    stranger: Claimant,
    right: list[Claimant],
    certain: bool,
) -> Diagnosis:
    hit = client in network.failing(vip) and met(client, stranger, vip)
    because = [symptom(client, vip)] if client in network.failing(vip) else []
    because.append(
        f"{stranger} answers {resolution(vip)} for {vip} at {client.name}; asked at its MAC, it holds the address "
        f"(it answers an echo request with a TTL of 1) and refuses {ports(stranger.refuses)} itself."
    )
    if stranger.overrides:
        because.append("Its advertisement has the Override flag, as an owner's (RFC 4861, section 7.2.4).")
    because.extend(
        f"{each} answers as well" + (f", and serves {ports(each.serves)}." if each.serves else ".")
        for each in right
    )
    if not right:
        because.append(
            f"A node would translate {ports(stranger.refuses)}, as {names(network.hosts(vip))} does."
        )
    if not hit:
        because.append("The race decides which one a client uses.")
    return Diagnosis(
        summary=f"{vip} is also an address of another machine, {stranger}",
        because=tuple(because),
        severity=Severity.BROKEN if hit else Severity.LATENT,
        confidence=Confidence.PROVEN if certain else Confidence.LIKELY,
        fixes=_fixes(client, vip, stranger),
        ruled_out=(
            "HD202: no rules of a node translate the port there.",
            f"HD206: {stranger.mac} is the gateway of {client.name}, and holds the address instead of passing packets on."
            if stranger.gateway
            else f"HD206: {stranger.mac} is not the gateway of {client.name}.",
        ),
    )


def _fixes(client: VantagePoint, vip: Address, stranger: Claimant) -> tuple[Fix, ...]:
    check = check_from_client(vip, client.name)
    move = Step(
        place="cluster",
        machine="any machine with kubectl",
        why="an address has one owner",
        instructions=f"Take {vip} out of the IPAddressPool (or reserve it in DHCP) and give the Service another VIP.",
    )
    return (_free(client, vip, stranger, check), Fix(f"Move the VIP away from {vip}", (move,), check))


def _free(client: VantagePoint, vip: Address, stranger: Claimant, check: str) -> Fix:
    machine = stranger.machine
    interfaces = machine.findings.get(InterfaceFacts) if machine else None
    link = interfaces.with_address(vip) if interfaces else None
    if machine is None or link is None:
        where = f" (it is also {stranger.address})" if stranger.address else ""
        text = (
            f"Find the machine with the MAC {stranger.mac}{where}: the switch's MAC table tells its port, the first three "
            f"octets its vendor, the DHCP server's leases its name. Give it another address than {vip}."
        )
        step = Step(
            "client", f"the machine with {stranger.mac}", "an address has one owner", instructions=text
        )
        return Fix(
            f"Take {vip} from the machine with {stranger.mac}", (step, forget(vip, client.name)), check
        )
    steps = (give_up(machine.name, link, vip), forget(vip, client.name))
    return Fix(f"Take {vip} from {machine.name}", steps, check, (RETURNS,))


def _holds_what_a_node_serves(network: Network, vip: Address) -> Diagnosis | None:
    """A scanned machine that reaches itself instead of the service: it holds the address, and a node has rules for it."""
    nodes = [e for e in network.vantage_points if is_node(e, vip) and not holds_address(e, vip)]
    for machine in network.vantage_points:
        fails = any(state.works is Works.NO for state in machine.states_of(vip))
        interfaces = machine.findings.get(InterfaceFacts)
        link = interfaces.with_address(vip) if interfaces else None
        if not (nodes and fails and link) or is_node(machine, vip) or programs_others(machine):
            continue
        step, check = give_up(machine.name, link, vip), check_from_client(vip, machine.name)
        return Diagnosis(
            summary=f"{vip} is also an address of {machine.name} itself, on {link.name}",
            because=(
                symptom(machine, vip),
                f"{machine.name} holds {vip} on {link.name}: what it sends there stays on it; it has no rules of a node.",
                f"{names(tuple(nodes))} has rules for {vip} and does not hold it.",
            ),
            severity=Severity.BROKEN,
            confidence=Confidence.LIKELY,
            fixes=(Fix(f"Take {vip} from {machine.name}", (step,), check, (RETURNS,)),),
            ruled_out=("HD202: no rules of a node translate the port there.",),
        )
    return None


def _from_the_machine_alone(network: Network, vip: Address) -> Verdict:
    for host in network.hosts(vip):
        rules = host.findings.get(ServiceRulesFacts)
        if any(state.works is Works.YES for state in host.states_of(vip)):
            continue  # it serves the VIP by itself, as keepalived's machines do
        if holds_address(host, vip) and rules and not rules.unread and not rules.load_balancer_ports:
            missing = network.need_client(vip, "who else answers for it")
            seen = f"{host.name} holds {vip} as an address of its own and has no rules of a node"
            return Undetermined(f"{seen}; {missing.what}", missing.how_to_get, suspected=True)
    raise network.need_client(vip, f"who answers {resolution(vip)} for {vip}")
