"""A fix for a kernel that answers for one of its addresses on several interfaces of a segment: one of them goes on."""

from __future__ import annotations

from collections.abc import Iterator

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Change, InterfaceAddress, Sysctl
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Owner
from probes.announcers import AnnouncerFacts
from probes.interface_sysctls import InterfaceSysctlFacts
from probes.target import Address

ANY_INTERFACE, BY_SCOPE, NEVER = 0, 3, 8
QUIET = (("arp_ignore", 1), ("arp_announce", 2))


def kernel_answers(owner: Owner, vip: Address) -> bool:
    """Whether the kernel itself answers for `vip`, an address of its machine, on this interface.

    For IPv4 arp_ignore decides (arp_ignore in net/ipv4/arp.c; with 3 the address's scope, taken to be global); for IPv6 the
    kernel answers on the interface that carries the address, and there alone (ndisc_recv_ns in net/ipv6/ndisc.c).
    """
    if vip.version == 6:
        return _carries(owner, vip)
    settings = owner.vantage_point.findings[InterfaceSysctlFacts].of(owner.link.name)
    ignore = settings.arp_ignore if settings else None
    return ignore != NEVER if _carries(owner, vip) else ignore in (ANY_INTERFACE, BY_SCOPE, None)


def answer_on_one(owners: list[Owner], vip: Address, client: str) -> Fix:
    """The first of `owners` that carries the address goes on answering, or else the first; the others become quiet."""
    kept = next((each for each in owners if _carries(each, vip)), owners[0])
    others = [each for each in owners if each is not kept]
    step = Step(
        place="host",
        machine=kept.vantage_point.name,
        why=f"its kernel then answers for {vip} on {kept.link.name}, and nowhere else in that segment",
        changes=tuple(change for each in others for change in _quiet(each, vip)),
    )
    title = f"Answer for {vip} on {kept.link.name} alone"
    return Fix(title, (step,), check_from_client(vip, client), tuple(_cautions(others, vip)))


def _quiet(owner: Owner, vip: Address) -> Iterator[Change]:
    """An address of the interface itself is answered for under any arp_ignore but 8, so that it is taken away."""
    for each in owner.link.addresses:
        if each.address == vip:
            yield InterfaceAddress(f"{vip}/{each.prefix_length}", owner.link.name, present=False)
            return
    own = owner.vantage_point.findings[InterfaceSysctlFacts].own
    before = next((each for each in own if each.interface == owner.link.name), None)
    for name, value in QUIET:
        yield Sysctl(f"net/ipv4/conf/{owner.link.name}/{name}", value, getattr(before, name, None) or 0)


def _cautions(others: list[Owner], vip: Address) -> Iterator[str]:
    carrying = [each.link.name for each in others if _carries(each, vip)]
    if carrying:
        yield f"What put {vip} on {', '.join(carrying)} puts it there again: name one interface in its configuration."
    facts = others[0].vantage_point.findings.get(AnnouncerFacts)
    heard = [each.link.name for each in others if facts and each.link.name in facts.interfaces()]
    if heard and not carrying:
        yield (
            f"A process listens for ARP on {', '.join(heard)}. Where it announces {vip} too, these settings do not "
            "reach it: name one interface in its configuration."
        )


def _carries(owner: Owner, vip: Address) -> bool:
    return any(each.address == vip for each in owner.link.addresses)
