"""Rules over the network: every rule's verdict per VIP, which cause explains which symptom, and the verdict of the run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from hairpin_doctor.findings import MissingFacts
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Rule, Severity, Undetermined, Verdict
from hairpin_doctor.situation import NotThis
from hairpin_doctor.states import TargetState, Works
from probes.target import Address


class Outcome(StrEnum):
    """The verdict on a VIP and on the run."""

    HEALTHY = "healthy"
    UNDETERMINED = "undetermined"
    DIAGNOSED = "diagnosed"
    UNEXPLAINED = "unexplained"


# Mixed targets: what needs a person most comes first.
WEIGHT = (Outcome.UNEXPLAINED, Outcome.DIAGNOSED, Outcome.UNDETERMINED, Outcome.HEALTHY)
IPV4_ONLY = "it does not apply to IPv6"
UNPROVEN = "not yet proven for IPv6 VIPs"
UNPROVEN_ADVICE = "judge it by hand: hairpin-doctor explain shows how"
SEVERITIES, CONFIDENCES = tuple(Severity), tuple(Confidence)


@dataclass(frozen=True)
class Judged:
    """What one rule said of one VIP; `explained_by` is the code whose consequence it is."""

    rule: Rule
    vip: Address
    verdict: Verdict
    explained_by: str | None = None


@dataclass(frozen=True)
class Judgement:
    """Everything that was concluded. `diagnoses` are sorted: broken first, then by confidence and precedence.

    `unexplained_clients`: names of those from which a VIP fails, and whom no broken cause speaks of.
    """

    outcome: Outcome
    per_vip: dict[Address, Outcome]
    judged: tuple[Judged, ...]
    symptoms: tuple[TargetState, ...]
    unexplained_clients: dict[Address, tuple[str, ...]]

    @property
    def diagnoses(self) -> tuple[Judged, ...]:
        """Causes that hold and are no mere consequence of another one."""
        found = [
            each for each in self.judged if isinstance(each.verdict, Diagnosis) and each.explained_by is None
        ]
        return tuple(sorted(found, key=_order))

    @property
    def consequences(self) -> tuple[Judged, ...]:
        """What holds too, but follows from another cause."""
        return tuple(
            e for e in self.judged if isinstance(e.verdict, Diagnosis) and e.explained_by is not None
        )

    @property
    def undetermined(self) -> tuple[Judged, ...]:
        """What could not be judged, suspected causes first."""
        found = [each for each in self.judged if isinstance(each.verdict, Undetermined)]
        return tuple(
            sorted(found, key=lambda e: not (isinstance(e.verdict, Undetermined) and e.verdict.suspected))
        )

    @property
    def cleared(self) -> tuple[Judged, ...]:
        """What it is not, and why."""
        return tuple(each for each in self.judged if isinstance(each.verdict, Cleared))


def _order(judged: Judged) -> tuple[int, int]:
    verdict = judged.verdict
    if not isinstance(verdict, Diagnosis):
        return (len(SEVERITIES), 0)
    return SEVERITIES.index(verdict.severity), CONFIDENCES.index(verdict.confidence)


def diagnose(network: Network, rules: Iterable[Rule]) -> Judgement:
    """Judge every VIP by every rule."""
    judged: list[Judged] = []
    chosen = tuple(each for each in rules if network.knows_a_cluster or not each.needs_cluster)
    for vip in network.vips:
        judged.extend(_consequences_marked([Judged(rule, vip, judge(rule, network, vip)) for rule in chosen]))
    of_vip = {vip: [each for each in judged if each.vip == vip] for vip in network.vips}
    per_vip = {vip: _outcome(network, vip, found) for vip, found in of_vip.items()}
    left = {vip: _unexplained(network, vip, found) for vip, found in of_vip.items()}
    overall = next((each for each in WEIGHT if each in per_vip.values()), Outcome.UNDETERMINED)
    symptoms = tuple(s for p in network.vantage_points for s in p.states if s.works is Works.NO)
    return Judgement(overall, per_vip, tuple(judged), symptoms, left)


def judge(rule: Rule, network: Network, vip: Address) -> Verdict:
    """One rule's verdict; a guard that finds the cause impossible clears it, missing facts leave it undetermined."""
    if vip.version == 6 and rule.ipv6 is not Ipv6.PROVEN:
        return Cleared(IPV4_ONLY) if rule.ipv6 is Ipv6.NEVER else Undetermined(UNPROVEN, UNPROVEN_ADVICE)
    try:
        return rule.judge(network, vip)
    except NotThis as reason:
        return Cleared(str(reason))
    except MissingFacts as missing:
        return Undetermined(missing.what, missing.how_to_get)
    except Exception as error:  # noqa: BLE001 - a defect of one rule must not cost the user the verdicts of the others
        what = f"the rule itself failed ({type(error).__name__}: {error})"
        return Undetermined(what, "please report this, with the file that --save writes")


def _consequences_marked(judged: list[Judged]) -> list[Judged]:
    """Where a cause breaks traffic and is at least likely, what it explains is a consequence."""
    explained: dict[str, str] = {}
    for each in judged:
        if _breaks(each.verdict):
            for code in each.rule.explains:
                explained.setdefault(code, each.rule.code)
    return [
        Judged(each.rule, each.vip, each.verdict, explained.get(each.rule.code))
        if isinstance(each.verdict, Diagnosis)
        else each
        for each in judged
    ]


def _outcome(network: Network, vip: Address, judged: list[Judged]) -> Outcome:
    found = [state for point in network.vantage_points for state in point.states_of(vip)]
    if network.failing(vip) or _hosts_that_fail(network, vip) or any(state.answered for state in found):
        return _of_a_symptom(judged, _unexplained(network, vip, judged))
    if any(isinstance(each.verdict, Undetermined) and each.verdict.suspected for each in judged):
        return Outcome.UNDETERMINED
    if any(_breaks(each.verdict) for each in judged):
        return Outcome.DIAGNOSED
    works = any(state.works is Works.YES for state in found)
    unknown = any(state.works is not Works.YES for state in found)
    return Outcome.HEALTHY if works and not unknown else Outcome.UNDETERMINED


def _hosts_that_fail(network: Network, vip: Address) -> bool:
    """Whether even a machine that serves the VIP, or whose role is unknown, does not get through."""
    others = (each for each in network.vantage_points if each.serves(vip) is not False)
    return any(state.works is Works.NO for each in others for state in each.states_of(vip))


def _unexplained(network: Network, vip: Address, judged: list[Judged]) -> tuple[str, ...]:
    """The failing clients for whom no cause that breaks traffic was shown."""
    causes = [
        each.verdict for each in judged if isinstance(each.verdict, Diagnosis) and _breaks(each.verdict)
    ]
    spoken_of = {name for each in causes for name in each.clients}
    if any(not each.clients for each in causes):
        return ()
    return tuple(each.name for each in network.failing(vip) if each.name not in spoken_of)


def _of_a_symptom(judged: list[Judged], unexplained: tuple[str, ...]) -> Outcome:
    """Explained only by causes that break traffic and are more than possible, one for every client that fails."""
    explained = any(_breaks(each.verdict) for each in judged)
    if explained and not unexplained:
        return Outcome.DIAGNOSED
    open_questions = any(
        isinstance(each.verdict, Undetermined) and each.rule.severity is Severity.BROKEN for each in judged
    )
    if open_questions:
        return Outcome.DIAGNOSED if explained else Outcome.UNDETERMINED
    return Outcome.UNEXPLAINED


def _breaks(verdict: Verdict) -> bool:
    """A cause that breaks traffic and is more than possible."""
    return (
        isinstance(verdict, Diagnosis)
        and verdict.severity is Severity.BROKEN
        and verdict.confidence is not Confidence.POSSIBLE
    )
