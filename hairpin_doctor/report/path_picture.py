"""The path as a picture of lines: one hop below the other, each with a sign, a word, its name and its addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hairpin_doctor.report.page import Page
from hairpin_doctor.report.report import Report
from hairpin_doctor.report.service_path import Hop, ServicePath

MARKS = {"fine": "good", "broken": "bad", "not reached": "note", "unknown": "unknown", "not seen": "note"}
WORDS = {"broken": "BREAKS HERE"}
WIDEST_WORD = max(len(WORDS.get(state, state)) for state in MARKS)
NAMES = {
    "client": "client {}",
    "link": "link {}",
    "port": "bridge port {}",
    "bridge": "bridge {}",
    "uplink": "uplink {}",
    "router": "router {}",
    "announcer": "ARP answer {}",
    "way in": "way in {}",
    "service": "service rule {}",
    "forwarding": "way out {}",
    "endpoint": "endpoint {}",
    "reply": "way back {}",
}


def chosen(report: Report, *, every: bool = False) -> tuple[ServicePath, ...]:
    """The paths worth showing: one per client, one that fails if there is one; `every`: all of them."""
    if every:
        return report.paths
    first: dict[str | None, ServicePath] = {}
    for path in report.paths:
        first.setdefault(path.client, path)
    failing = tuple(path for path in first.values() if path.works is False or _breaks(path))
    return failing or tuple(first.values())[:1]


def _breaks(path: ServicePath) -> bool:
    """Also where all that a scan tries works: a cause may stop a flow that no scan made."""
    return any(hop.state == "broken" for hop in path.hops)


def show_paths(report: Report, page: Page, *, every: bool = False) -> None:
    """The chosen paths, each with a heading, and how many were left out."""
    found = chosen(report, every=every)
    for path in found:
        page.heading(f"The path from {path.client or 'a client'} to {path.vip}")
        show_path(path, page, {each.code: each.slug for each in report.diagnoses})
    left = len(report.paths) - len(found)
    if left:
        page.text(f"(-v shows {left} more path{'s' if left > 1 else ''})", 2, "dim")


def show_path(path: ServicePath, page: Page, causes: Mapping[str, str], pointed: Hop | None = None) -> None:
    """Every hop; where the path is not plainly fine, with what is known of the hop.

    `causes`: code -> slug of what the report tells in full elsewhere. `pointed`: a hop to point at, one line per hop then.
    """
    for hop in path.hops:
        word = WORDS.get(hop.state, hop.state).ljust(WIDEST_WORD)
        if pointed is not None:
            page.marked(MARKS[hop.state], word, title(hop, path), 2, pointed=hop is pointed)
            continue
        page.marked(MARKS[hop.state], word, words(hop, path), 2)
        for line in told(hop, causes):
            page.text(line, 2 + 2 + WIDEST_WORD + 2)


def kind_of(hop: Hop, path: ServicePath) -> str:
    """Its kind; `way in` where packets come from a router, so that who answers ARP says nothing."""
    routed = any(each.kind == "router" for each in path.hops)
    return "way in" if hop.kind == "announcer" and routed else hop.kind


def by_ndp(path: ServicePath) -> bool:
    """Whether MACs are asked for by neighbour discovery, as IPv6 does, instead of by ARP."""
    return ":" in path.vip


def title(hop: Hop, path: ServicePath) -> str:
    """`bridge port vnet1 of n5  fe:54:00:8e:31:10`; a hop beside the path says so."""
    kind = NAMES[kind_of(hop, path)].replace("ARP", "NDP" if by_ndp(path) else "ARP")
    name = kind.format(hop.name) if hop.name else kind.format("").strip()
    machine = f" {'of' if hop.name else 'on'} {hop.machine}" if hop.machine else ""
    aside = " (beside the path)" if hop.beside else ""
    if hop.kind == "link" and hop.codes and not hop.name:
        aside = " (it is not known which)"
    return "  ".join((f"{name}{machine}{aside}", *hop.addresses, *([hop.mac] if hop.mac else [])))


def words(hop: Hop, path: ServicePath) -> str:
    """Its title; of a hop without a name and an address there is only what is said of it."""
    return title(hop, path) if has_a_face(hop) else f"{title(hop, path)}: {hop.said}"


def has_a_face(hop: Hop) -> bool:
    """Whether there is more of it than what is said."""
    return bool(hop.name or hop.mac or hop.codes)


def told(hop: Hop, causes: Mapping[str, str]) -> Iterator[str]:
    """What is said below a hop: the cause where it breaks, and what is known where little is."""
    if hop.codes and all(code in causes for code in hop.codes):
        yield "; ".join(f"{code} {causes[code]}" for code in hop.codes)
    elif hop.codes:
        yield f"{hop.said} ({', '.join(hop.codes)})"
    elif has_a_face(hop) and hop.state in ("broken", "unknown", "not seen"):
        yield hop.said
