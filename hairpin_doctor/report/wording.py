"""Words and signs that all formats for people share: verdicts, states, roles, places and moments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from hairpin_doctor.report.report import Contradiction, State, Step, VantagePoint

VERDICT_MARKS: Mapping[str, str] = {
    "healthy": "good",
    "diagnosed": "bad",
    "unexplained": "warn",
    "undetermined": "unknown",
}
SEVERITY_MARKS: Mapping[str, str] = {"broken": "bad", "latent": "warn", "note": "note"}
STATE_MARKS: Mapping[bool | None, tuple[str, str]] = {
    True: ("good", "works"),
    False: ("bad", "fails"),
    None: ("unknown", "unknown"),
}
ROLES = ("client", "unknown", "host")  # who has the symptom comes first
ROLE_WORDS: Mapping[str, str] = {
    "client": "a client",
    "host": "serves the VIP itself",
    "unknown": "role unknown",
}
AS_ROOT = ("host", "client")


def sentence(text: str) -> str:
    """With its full stop."""
    return text if text.endswith(".") else f"{text}."


def moment(text: str) -> str:
    """A time in ISO 8601 for people, in UTC to the minute."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def looked_when(point: VantagePoint) -> str:
    """`now`, or the report's time."""
    return "now" if point.live else f"report of {moment(point.taken_at)}"


def place(step: Step) -> str:
    """`on n5, as root`."""
    return f"on {step.machine}{', as root' if step.place in AS_ROOT else ''}"


def observed(state: State) -> str:
    """What was seen, with the round trip where there was one."""
    time = f", {state.round_trip_ms:.1f} ms" if state.round_trip_ms is not None else ""
    return f"{state.said}{time}"


def capitalised(text: str) -> str:
    """The first letter only, and not that of a name: of an interface, a machine, a field (eno1, br-lan, targetPort)."""
    first = text.partition(" ")[0].rstrip(",:;.")
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


def rights_word(point: VantagePoint) -> str:
    """What the scan was allowed to do there."""
    if point.missing_rights:
        return f"without {', '.join(point.missing_rights)}"
    return {True: "root", False: "not root", None: "unknown"}[point.root]


def contradicted(found: Contradiction) -> str:
    """`192.0.2.53, the VIP: vm finds it at MAC (answers ARP), n5 at MAC (stale in its cache).`"""
    claims = [
        f"{each.vantage_point} finds it at {' and '.join(each.macs)} ({each.how})" for each in found.claims
    ]
    return f"{found.address}, {found.what}: {'; '.join(claims)}."
