"""Do these reports belong together? Of one network, by one naming, of about one time, asked the same questions.

Numbers alone prove nothing, since half of the world is 192.168.1.0/24. Two vantage points are of one network where one has
heard a MAC of the other, or both have heard the same third one. Without that they may be two ends of a routed path: only
what cannot be of one network counts as apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from hairpin_doctor.network import Network
from hairpin_doctor.recording import Recording
from hairpin_doctor.vantage_point import VantagePoint
from probes.arp import ArpFacts
from probes.forwarding_database import ForwardingDatabaseFacts
from probes.interfaces import InterfaceFacts
from probes.neighbours import NeighbourFacts
from probes.routes import RouteFacts
from probes.tcp import TcpFacts

TOO_FAR_APART = timedelta(minutes=15)
AHEAD = timedelta(minutes=2)
GROUP_BIT = 1
# No MAC, VRRP's, Calico's, and those that Docker and OVN make of an address: the same in networks that never met.
EVERYWHERE = ("00:00:00:", "00:00:5e:", "ee:ee:ee:", "02:42:", "0a:58:")


class NotTogether(ValueError):
    """Reports that must not be joined; the message is one sentence."""


def refuse_mixed_names(recordings: Iterable[Recording]) -> None:
    """Raises NotTogether where names are replaced by different keys: equal things would look different."""
    names: dict[str | None, list[str]] = {}
    for each in recordings:
        names.setdefault(each.redacted_by, []).append(each.vantage_point)
    if len(names) > 1:
        raise NotTogether(
            f"{' and '.join(_listed(found) + _by(key) for key, found in names.items())} cannot be joined: the same "
            "address stands for different ones; redact all of them by one --redact-key, or none"
        )


def _by(key: str | None) -> str:
    return f" (redacted by key {key})" if key else " (not redacted)"


def refuse_strangers(points: Sequence[VantagePoint]) -> None:
    """Raises NotTogether where the vantage points fall into groups that have nothing in common."""
    found = groups(points)
    if len(found) > 1:
        which = " | ".join(_listed([each.name for each in group]) for group in found)
        raise NotTogether(
            f"these reports are of different networks, so they are not judged as one: {which}; {_why(found)}. Judge each "
            "group by itself"
        )


def groups(points: Sequence[VantagePoint]) -> tuple[tuple[VantagePoint, ...], ...]:
    """The vantage points that can be of one network, the first one's group first."""
    left = list(points)
    found: list[tuple[VantagePoint, ...]] = []
    while left:
        group = [left.pop(0)]
        for member in group:
            near = [each for each in left if not apart(member, each)]
            group += near
            left = [each for each in left if each not in near]
        found.append(tuple(group))
    return tuple(found)


def _why(found: Sequence[Sequence[VantagePoint]]) -> str:
    one, other = found[0][0], found[1][0]
    if not _common_vips(one, other):
        return f"{one.name} and {other.name} have no VIP in common, and neither has heard a MAC that the other knows"
    return (
        f"{one.name} and {other.name} have gateways of one address and different MACs, and no MAC in common"
    )


def apart(one: VantagePoint, other: VantagePoint) -> bool:
    """Whether the two cannot be of one network."""
    if _met(one, other):
        return False
    return not _common_vips(one, other) or _rival_gateways(one, other)


def _common_vips(one: VantagePoint, other: VantagePoint) -> bool:
    return bool(set(one.scope.vips) & set(other.scope.vips))


def _rival_gateways(one: VantagePoint, other: VantagePoint) -> bool:
    """Whether both have resolved a default gateway of one address, on a link of one prefix, to different MACs.

    A link-local address says nothing: fe80::1 is the router of many a link.
    """
    routes = [each.findings.get(RouteFacts) for each in (one, other)]
    for version in (4, 6):
        first, second = (facts.default_of(version) if facts else None for facts in routes)
        gateway = first.gateway if first else None
        if gateway is None or second is None or second.gateway != gateway or gateway.is_link_local:
            continue
        macs, others = one.gateway_macs(version), other.gateway_macs(version)
        if macs and others and not set(macs) & set(others):
            return True
    return False


def _met(one: VantagePoint, other: VantagePoint) -> bool:
    own, heard = set(_own_macs(one)), set(_heard(one))
    others, heard_by_other = set(_own_macs(other)), set(_heard(other))
    return bool(heard & (others | heard_by_other) or own & heard_by_other)


def _own_macs(point: VantagePoint) -> Iterator[str]:
    interfaces = point.findings.get(InterfaceFacts)
    yield from (
        link.mac for link in (interfaces.links if interfaces else ()) if link.mac and _telling(link.mac)
    )


def _heard(point: VantagePoint) -> Iterator[str]:
    """MACs of other stations, by whatever they were heard."""
    cache, arp = point.findings.get(NeighbourFacts), point.findings.get(ArpFacts)
    fdb, tcp = point.findings.get(ForwardingDatabaseFacts), point.findings.get(TcpFacts)
    found = [entry.mac for entry in cache.entries if entry.mac] if cache else []
    found += [reply.mac for answers in arp.answers for reply in answers.replies] if arp else []
    found += [entry.mac for entry in fdb.entries if not entry.own] if fdb else []
    found += [frame.source_mac for answer in tcp.answers for frame in answer.frames or ()] if tcp else []
    yield from filter(_telling, found)


def _telling(mac: str) -> bool:
    return not mac.startswith(EVERYWHERE) and not int(mac[:2], 16) & GROUP_BIT


def remarks(recordings: Sequence[Recording], version: str, now: datetime) -> Iterator[str]:
    """Sentences about reports that can be joined, but not without a word. `version`: of the tool that judges."""
    if any(each.redacted_by for each in recordings):
        yield "Names and addresses are redacted: they stand for others, one to one"
    for each in recordings:
        if each.tool_version not in (None, version) and each.unknown:
            yield (
                f"The report of {each.vantage_point} was made by hairpin-doctor {each.tool_version}, and this is {version}, "
                f"which cannot read what it says of {', '.join(each.unknown)}"
            )
        if datetime.fromisoformat(each.taken_at) - now > AHEAD:
            when = f"is from the future ({each.taken_at}): one clock is wrong"
            yield f"By the clock here the report of {each.vantage_point} {when}"
    yield from _times(recordings)


def lacking(recording: Recording, unasked: Sequence[str], version: str) -> Iterator[str]:
    """A sentence if another version of the tool did not ask what this one wants to know."""
    if recording.tool_version not in (None, version) and unasked:
        yield (
            f"{recording.vantage_point} was looked at by hairpin-doctor {recording.tool_version}, and this is {version}: "
            f"not asked then: {', '.join(unasked)}; a new scan there would tell"
        )


def unaware(network: Network) -> Iterator[str]:
    """A sentence for each serving machine that was scanned without knowing of a client whose report is here too."""
    for vip in network.vips:
        for host in network.hosts(vip):
            for client in network.clients(vip):
                address = client.address_towards(vip)
                routes = host.findings.get(RouteFacts)
                if address is not None and routes is not None and not routes.asked(address):
                    yield (
                        f"{host.name} was scanned without the report of {client.name}, so what it does with packets of "
                        f"{address} was not asked; on {host.name}: hairpin-doctor scan --with the report of {client.name}"
                    )


def _times(recordings: Sequence[Recording]) -> Iterator[str]:
    if len(recordings) < 2:
        return
    first = min(recordings, key=lambda each: datetime.fromisoformat(each.taken_at))
    last = max(recordings, key=lambda each: datetime.fromisoformat(each.taken_at))
    between = datetime.fromisoformat(last.taken_at) - datetime.fromisoformat(first.taken_at)
    if between > TOO_FAR_APART:
        yield (
            f"{first.vantage_point} and {last.vantage_point} were looked at {_span(between)} apart: what changed in between "
            "may look like a contradiction, or a clock is wrong"
        )


def _span(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
