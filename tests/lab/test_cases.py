"""Each case: symptom, verdict from every vantage point, the fix as written, and the scan after it.

Every case with names drawn at random, half of them in kube-proxy's iptables mode and half in its nftables mode; one of
each cause is mended by the engine and taken back: the symptom is there again, and links, addresses, routes, rules, settings,
FDB, neighbours, rulesets as before. Then the homelab's, with the story's names: what works must work in every variant, and
three are scanned by the command line, in a process of its own, as a user would.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from hairpin_doctor.lab.cases import CATALOGUE, Case
from hairpin_doctor.lab.checks import Observation
from hairpin_doctor.lab.examination import ByCommand, InProcess, ScannerOf
from hairpin_doctor.lab.expected import EXPECTED as STORY
from hairpin_doctor.lab.homelab import Variant
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.proofs import FIRST
from hairpin_doctor.lab.prove import proof
from hairpin_doctor.lab.running import Setting, run_case

HOMELAB = [case for case in CATALOGUE if case.name in STORY]
BY_COMMAND = ("healthy", "bgp-same-subnet", "l2-on-eno1")
CASES = [
    pytest.param(
        case,
        variant,
        id=f"{case.name}-{variant.kube_proxy}-call{variant.call_iptables}",
        marks=[pytest.mark.recording] if not case.every_variant and case.name not in BY_COMMAND else [],
    )
    for case in HOMELAB
    for variant in case.variants()
]
ELSEWHERE = [pytest.param(case, id=case.name) for case in CATALOGUE if case.name not in STORY]
ONE_OF_EACH_CAUSE = {*{case.codes: case.name for case in reversed(CATALOGUE)}.values(), *FIRST.values()}
"""These are mended by the engine of `fix`, and taken back: the symptom is there again, the state what it was."""
ONCE = [pytest.param(case, id=case.name) for case in CATALOGUE]


def assert_proven(
    setting: Setting,
    record: Path | None = None,
    scanner_of: ScannerOf = ByCommand,
    *,
    reversibly: bool = False,
) -> None:
    said: list[str] = []
    wrong: list[str] = []

    def saw(observation: Observation) -> None:
        if not observation.holds:
            wrong.append(f"symptom: {observation.check} is {observation.seen}")

    def tell(good: bool, text: str) -> None:
        (said if good else wrong).append(text)

    assert run_case(setting, saw, [proof(tell, record, scanner_of, reversibly=reversibly)]), "\n".join(
        (*said, "WRONG:", *wrong)
    )
    assert not wrong


@pytest.mark.lab
@pytest.mark.parametrize(("case", "variant"), CASES)
def test_a_case_of_the_story_is_diagnosed_and_mended(
    case: Case, variant: Variant, recordings: Path | None
) -> None:
    usual = variant == case.variant()
    scanner_of = ByCommand if usual and (recordings or case.name in BY_COMMAND) else InProcess
    assert_proven(Setting(case, Names.story(), variant), recordings if usual else None, scanner_of)


@pytest.mark.lab
@pytest.mark.parametrize("case", ONCE)
def test_a_case_with_random_names_is_diagnosed_and_mended_and_one_of_each_cause_taken_back(
    case: Case,
) -> None:
    drawn = zlib.crc32(case.name.encode())
    assert_proven(
        Setting(case, Names.random(drawn), case.variant("nftables" if drawn % 2 else "iptables")),
        scanner_of=InProcess,
        reversibly=case.name in ONE_OF_EACH_CAUSE,
    )


@pytest.mark.lab
@pytest.mark.recording
@pytest.mark.parametrize("case", ELSEWHERE)
def test_a_case_beyond_the_story_is_recorded(case: Case, recordings: Path | None) -> None:
    assert_proven(Setting(case, Names.story(), case.variant()), recordings)
