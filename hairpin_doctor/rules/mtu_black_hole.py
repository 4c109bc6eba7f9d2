"""Large packets to the VIP vanish on the way, and nobody tells the sender to make them smaller.

Why: A link on the way carries less than the client's own (its MTU): a bridge port, a tunnel, a VPN, a virtual interface.
A router would say so by ICMP (fragmentation needed, RFC 1191; packet too big, RFC 8201), unless that is filtered; a
bridge, a switch and a virtual interface drop in silence. TCP's MSS speaks of the two ends only and does not save what lies
between them.
Seen as: The handshake and short requests work; uploads, long requests and TLS handshakes with large certificates hang.
Told apart from: HD403 and HD405 by the size, which alone decides: two bytes are acknowledged on the connection that loses a
full segment, or on one beside it, and connections with smaller segments have these acknowledged at once.
By hand: On the client: a long request hangs and a short one is answered; then, on each machine of the way, the MTUs.
    curl -sSm 3 -o /dev/null -w '%{http_code} ' http://VIP:PORT/
    curl -sSm 3 -o /dev/null -w '%{http_code} ' -H "Filler: $(printf %01350d 0)" http://VIP:PORT/
    ip link show
Fix: Raise the MTU of the narrow link; where it cannot carry more, clamp TCP's MSS on the way.
Unsure when: The narrow link is on no machine that was scanned; or only large *answers* vanish, which we cannot provoke.
References: RFC 1191; RFC 2923; net/core/dev.c.
"""

from __future__ import annotations

from hairpin_doctor.attachment import Attachment
from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import LinkMtu
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import of_failing_clients, symptom
from hairpin_doctor.vantage_point import VantagePoint
from probes.questions.links import Link
from probes.questions.traffic import PacketSizes
from probes.target import Address
from probes.tcp import TcpFacts

VLAN_TAG = 4  # bytes that a virtual interface takes beyond its MTU (is_skb_forwardable, net/core/dev.c)


@rule("HD407", "mtu-black-hole", Severity.BROKEN, explains=("HD302",), ipv6=Ipv6.PROVEN)
def mtu_black_hole(network: Network, vip: Address) -> Verdict:
    """A full segment that is lost again and again, where a smaller one passes."""
    return of_failing_clients(network, vip, _judge)


def _judge(network: Network, client: VantagePoint, vip: Address) -> Verdict:
    lossy = [each for each in client.findings[TcpFacts].small_only(vip) if each.sizes is not None]
    if not lossy or lossy[0].sizes is None:
        return Cleared(f"no connection of {client.name} to {vip} loses its large packets only")
    sizes = lossy[0].sizes
    narrow = _narrow(network, client, vip, sizes)
    where = "" if narrow is None else f" at {narrow[1].name} of {narrow[0].name}"
    return Diagnosis(
        summary=f"packets of {sizes.lost} bytes from {client.name} to {vip} vanish{where}, those of {sizes.passed} arrive",
        because=(
            symptom(client, vip),
            f"{lossy[0].destination} acknowledged two bytes; a packet of {sizes.lost} bytes, which is what {client.name} "
            "sends where it can, never was, with all its repetitions.",
            f"A connection with packets of at most {sizes.passed} bytes had one of that size acknowledged.",
            f"No ICMP message made the kernel of {client.name} send smaller ones.",
            *_found(narrow),
        ),
        severity=Severity.BROKEN,
        confidence=Confidence.PROVEN,
        fixes=(_raise(narrow, sizes, vip, client) if narrow else _find(sizes, vip, client),),
        ruled_out=(
            "HD403, HD405: what decides is the size; smaller packets of such connections are acknowledged.",
        ),
        at=(narrow[0].name, narrow[1].name) if narrow else None,
    )


def _narrow(
    network: Network, client: VantagePoint, vip: Address, sizes: PacketSizes
) -> tuple[VantagePoint, Link] | None:
    """The interface of a scanned machine by which the client's frames come in, if it is too small for what is lost."""
    for at in _places(network, client, vip):
        link = at.port or at.interface
        if sizes.passed <= link.mtu + VLAN_TAG and link.mtu < sizes.lost:
            return at.host, link
    return None


def _places(network: Network, client: VantagePoint, vip: Address) -> tuple[Attachment, ...]:
    try:
        attachment = network.attachment(client, vip)
        bridges = network.bridged_by(client, vip)
    except MissingFacts:  # the sizes decide; without these facts it is only unknown where
        return ()
    return (*((attachment,) if attachment else ()), *bridges)


def _found(narrow: tuple[VantagePoint, Link] | None) -> tuple[str, ...]:
    if narrow is None:
        return ("No interface by which they come in on a scanned machine is too small for them.",)
    host, link = narrow
    return (f"They come in on {host.name} by {link.name}, whose MTU is {link.mtu}.",)


def _raise(narrow: tuple[VantagePoint, Link], sizes: PacketSizes, vip: Address, client: VantagePoint) -> Fix:
    host, link = narrow
    step = Step(
        place="host",
        machine=host.name,
        why="it then takes the largest packets that the client sends",
        changes=(LinkMtu(link.name, sizes.lost, link.mtu),),
    )
    caution = f"If what lies behind {link.name} cannot carry that much either, lower the MTU of {client.name} instead."
    return Fix(f"MTU {sizes.lost} on {link.name}", (step,), check_from_client(vip, client.name), (caution,))


def _find(sizes: PacketSizes, vip: Address, client: VantagePoint) -> Fix:
    needed = "fragmentation needed" if vip.version == 4 else "packet too big"
    step = Step(
        place="router",
        machine="the narrow link",
        why="what the way cannot carry must not be sent, or be refused aloud",
        instructions=(
            f"Compare the MTUs on the way from {client.name} to {vip} (ip link; tunnels, VPNs and bridge ports first): one "
            f'is below {sizes.lost} and at least about {sizes.passed}. Raise it, let ICMP "{needed}" pass back '
            "to the clients, or clamp TCP's MSS there."
        ),
    )
    return Fix("Find the narrow link", (step,), check_from_client(vip, client.name))
