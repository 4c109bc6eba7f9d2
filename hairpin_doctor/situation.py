"""Guard clauses that many rules share: from where does it fail, who answers, where does the client hang?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hairpin_doctor.attachment import Attachment
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.gateway_route import route_of_the_gateway
from hairpin_doctor.likewise import together
from hairpin_doctor.network import Network, Owner
from hairpin_doctor.rule import Diagnosis, Undetermined, Verdict
from hairpin_doctor.states import Works, ping_said
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.br_netfilter import BrNetfilterFacts
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.probe import Scope
from probes.routes import RouteFacts
from probes.service_rules import IPVS, ProgrammedPort, ServiceRulesFacts
from probes.target import Address, resolution
from probes.tcp import TcpFacts, frames_sent

Judge = Callable[[Network, VantagePoint, Address], Verdict]


class NotThis(Exception):
    """Raised by a guard where the cause cannot hold; becomes the verdict Cleared with this reason."""


def names(vantage_points: tuple[VantagePoint, ...]) -> str:
    """Names for a sentence."""
    return ", ".join(each.name for each in vantage_points)


def failing_clients(network: Network, vip: Address) -> tuple[VantagePoint, ...]:
    """The clients from which the VIP fails; raises NotThis where it works, MissingFacts where no client was asked."""
    failing = network.failing(vip)
    if failing:
        return failing
    working = network.working(vip)
    if working:
        raise NotThis(f"{vip} works from {names(working)}")
    answered = tuple(
        each for each in network.clients(vip) if any(state.answered for state in each.states_of(vip))
    )
    if answered:
        raise NotThis(f"{vip} is reached from {names(answered)}, and its server answers badly")
    if network.clients(vip):
        raise network.need_client(vip, f"whether {vip} works is unknown (name its port)")
    raise network.need_client(vip, f"the path of a client of {vip}")


def of_failing_clients(network: Network, vip: Address, judge: Judge) -> Verdict:
    """The verdict on every failing client for which the cause holds, else what is open, else why it is not this.

    What clears the cause for one client must not hide another one, which may fail by it.
    """
    return _of_each(failing_clients(network, vip), network, vip, judge)


def of_silent_clients(network: Network, vip: Address, judge: Judge) -> Verdict:
    """The same of those whose ARP nobody answers. Raises as `silent_clients`."""
    return _of_each(silent_clients(network, vip), network, vip, judge)


def _of_each(
    clients: tuple[VantagePoint, ...],
    network: Network,
    vip: Address,
    judge: Judge,
) -> Verdict:
    refusals: list[NotThis | MissingFacts] = []
    verdicts: list[tuple[str, Verdict]] = []
    for client in clients:
        try:
            verdicts.append((client.name, judge(network, client, vip)))
        except (NotThis, MissingFacts) as reason:
            refusals.append(reason)
    found = [(name, each) for name, each in verdicts if isinstance(each, Diagnosis)]
    if found:
        return together(found)
    said = [each for _, each in verdicts]
    open_question = next((each for each in said if isinstance(each, Undetermined)), None)
    missing = next((each for each in refusals if isinstance(each, MissingFacts)), None)
    if open_question is not None or (missing is None and said):
        return open_question or said[0]
    raise missing or refusals[0]


def live_macs(client: VantagePoint, vip: Address) -> tuple[str, ...]:
    """The MACs that answered the client's ARP for an on-link VIP; raises NotThis for one that is routed or local."""
    routes = client.findings[RouteFacts]
    if not routes.on_link(vip):
        raise NotThis(
            f"{vip} is not on-link for {client.name}: its traffic goes to a gateway, not by {resolution(vip)}"
        )
    macs = client.findings[ArpFacts].macs(vip)
    deaf = None if macs else _deafness(client, vip)
    if deaf is not None:
        raise deaf
    return macs


def _deafness(client: VantagePoint, vip: Address) -> MissingFacts | None:
    """What is missing where others than the VIP were asked for as well and nobody answered: its link may be dead."""
    for answers in client.findings[ArpFacts].answers:
        others = [each for each in answers.asked if each not in client.scope.vips]
        if answers.asked and vip in answers.asked and others and not answers.replies:
            by, other = resolution(vip), others[0]
            what = f"{client.name} hears no {by} answer at all on {answers.interface}, not even from {other}"
            how = (
                f"look at that link first (its carrier, its switch or bridge port): {other} must answer {by}"
            )
            return MissingFacts(f"{what}: whether anybody answers for {vip}", client.name, how)
    return None


def is_silent(client: VantagePoint, vip: Address) -> bool:
    """Whether the client asked for an on-link VIP and nobody answered."""
    routes, arp = client.findings[RouteFacts], client.findings[ArpFacts]
    return routes.on_link(vip) and arp.asked(vip) and not arp.macs(vip)


def silent_clients(network: Network, vip: Address) -> tuple[VantagePoint, ...]:
    """The failing clients whose ARP nobody answers; raises NotThis with who answers, where somebody does.

    Raises MissingFacts where a client hears nobody at all, and no other one is silent.
    """
    failing = failing_clients(network, vip)
    asked = tuple(client for client in failing if is_silent(client, vip))
    deaf = [reason for client in asked if (reason := _deafness(client, vip))]
    if len(deaf) < len(asked):
        return tuple(client for client in asked if _deafness(client, vip) is None)
    if deaf:
        raise deaf[0]
    client = failing[0]
    macs = live_macs(client, vip)
    if not macs:
        raise NotThis(f"{client.name} did not need to ask for {vip} by {resolution(vip)}")
    raise NotThis(f"{', '.join(macs)} answers {resolution(vip)} for {vip} at {client.name}")


@dataclass(frozen=True)
class AnsweringInterface:
    """A client, the MAC that answers it, and the known interface that has this MAC."""

    client: VantagePoint
    mac: str
    owner: Owner


def answering_interface(
    network: Network, client: VantagePoint, vip: Address, what: str
) -> AnsweringInterface:
    """Whose MAC answers the client for the VIP, on the serving host.

    Raises NotThis where nobody answers or another machine does, MissingFacts where no serving host was scanned.
    """
    macs = live_macs(client, vip)
    if not macs:
        raise NotThis(f"nobody answers {resolution(vip)} for {vip} at {client.name}")
    hosts = network.hosts(vip)
    used = macs_used(client, vip)
    for mac in sorted(macs, key=lambda each: each not in used):
        for owner in network.owners(mac):
            if owner.vantage_point in hosts:
                return AnsweringInterface(client, mac, owner)
    if not hosts:
        raise network.need_host(vip, f"{what} (whose MAC {macs[0]} is)")
    raise NotThis(f"{macs[0]}, which answers for {vip}, belongs to no interface of {names(hosts)}")


def is_the_gateway(machine: VantagePoint, vip: Address) -> bool:
    """Whether the VIP is the very address of this machine's default gateway."""
    routes = machine.findings.get(RouteFacts)
    default = routes.default_towards(vip) if routes else None
    return default is not None and default.gateway == vip


def macs_used(client: VantagePoint, vip: Address) -> set[str]:
    """The MACs that the client's own SYNs to the VIP went to; empty where nobody could see them."""
    tcp = client.findings.get(TcpFacts)
    return {frame.destination_mac for answer in (tcp.of(vip) if tcp else ()) for frame in frames_sent(answer)}


def attachment_of(network: Network, client: VantagePoint, vip: Address) -> Attachment:
    """Where the client hangs; raises MissingFacts where that is not known."""
    found = network.attachment(client, vip)
    if found is not None:
        return found
    hosts, address = network.hosts(vip), client.address_towards(vip)
    if not hosts:
        raise network.need_host(vip, "where the client hangs on the host")
    unaware = next((each for each in hosts if address and address not in each.scope.clients), None)
    if unaware is not None:
        raise network.need_another_scan(unaware, client, f"where {client.name} hangs on {unaware.name}")
    raise network.need_client(
        vip, f"{client.name} is in no forwarding database of {names(hosts)}; a fresh scan from it"
    )


def silent_attachment(network: Network, client: VantagePoint, vip: Address) -> Attachment:
    """Where a client hangs whose ARP nobody answers; raises NotThis where the VIP is routed instead."""
    if route_of_the_gateway(network, client, vip):
        raise NotThis(f"{vip} is routed: the gateway sends it on to a node")
    try:
        return attachment_of(network, client, vip)
    except MissingFacts:
        common = network.common_segment(client, vip)
        if common is None:
            raise
        return common


def intercepted(attachment: Attachment, vip: Address) -> bool:
    """Whether br_netfilter hands the client's bridged frames, of the VIP's version of IP, to iptables on its host."""
    facts = attachment.host.findings[BrNetfilterFacts]
    return attachment.port is not None and facts.intercepts(attachment.interface.name, vip.version)


def behind_the_clients_port(attachment: Attachment, mac: str) -> bool:
    """Whether the host heard this MAC behind the client's own port: frames between the two do not cross its bridge."""
    port = attachment.port
    entries = attachment.host.findings[ForwardingDatabaseFacts].learned(mac)
    return port is not None and any(entry.port == port.index for entry in entries)


def translated(host: VantagePoint, vip: Address, scope: Scope) -> tuple[ProgrammedPort, ...]:
    """The ports in scope that the host's rules send to endpoints, also in frames that are only bridged: IPVS takes none."""
    wanted = {target.port for target in scope.targets if target.vip == vip}
    ports = host.findings[ServiceRulesFacts].programmed(vip)
    return tuple(
        port
        for port in ports
        if port.endpoints and port.backend != IPVS and (port.port in wanted or None in wanted)
    )


def symptom(client: VantagePoint, vip: Address) -> str:
    """One sentence: what the client experiences."""
    found = [state for state in client.states_of(vip) if state.works is not Works.YES]
    parts = [
        f"{state.target.port}/{state.target.protocol} {state.said}" for state in found if state.target.port
    ]
    working = [f"{s.target.port}/{s.target.protocol}" for s in client.states_of(vip) if s.works is Works.YES]
    works = f"; {', '.join(working)} works" if working else ""
    return f"From {client.name}: {'; '.join(parts) or 'no port answers'}{works}; {ping_said(client.findings, vip)}."
