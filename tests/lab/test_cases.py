"""Each case: symptom, verdict from every vantage point, the fix as written, and the scan after it.

The homelab's cases with the story's names, in every variant, one of each cause by the command line and the others scanned
in this process to save time. Then every case with names drawn at random and in nftables mode, mended by the engine and taken
back: the symptom is there again, and links, addresses, routes, rules, settings, FDB, neighbours, rulesets as before.
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
CASES = [
    pytest.param(case, variant, id=f"{case.name}-{variant.kube_proxy}-call{variant.call_iptables}")
    for case in HOMELAB
    for variant in case.variants()
]
ELSEWHERE = [pytest.param(case, id=case.name) for case in CATALOGUE if case.name not in STORY]
ONE_OF_EACH_CAUSE = {*{case.codes: case.name for case in reversed(CATALOGUE)}.values(), *FIRST.values()}
"""These are mended by the engine of `fix`, and taken back: the symptom is there again, the state what it was."""
BY_COMMAND = {case.codes: case.name for case in reversed(HOMELAB)}.values()
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
    scanner_of = ByCommand if usual and case.name in BY_COMMAND else InProcess
    assert_proven(Setting(case, Names.story(), variant), recordings if usual else None, scanner_of)


@pytest.mark.lab
@pytest.mark.parametrize("case", ONCE)
def test_a_case_with_random_names_is_diagnosed_and_mended_and_one_of_each_cause_taken_back(
    case: Case,
) -> None:
    names = Names.random(zlib.crc32(case.name.encode()))
    assert_proven(
        Setting(case, names, case.variant("nftables")),
        scanner_of=InProcess,
        reversibly=case.name in ONE_OF_EACH_CAUSE,
    )


@pytest.mark.lab
@pytest.mark.recording
@pytest.mark.parametrize("case", ELSEWHERE)
def test_a_case_beyond_the_story_is_recorded(case: Case, recordings: Path | None) -> None:
    assert_proven(Setting(case, Names.story(), case.variant()), recordings)
