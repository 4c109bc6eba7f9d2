"""Each case of the lab shows its symptom, with the story's names and with names drawn at random."""

from __future__ import annotations

import errno
import os
import zlib

import pytest

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases import CATALOGUE, Case
from hairpin_doctor.lab.checks import observe
from hairpin_doctor.lab.homelab import Variant
from hairpin_doctor.lab.names import Names
from hairpin_doctor.machine.commands import CommandFailed

CASES = [
    pytest.param(case, variant, id=f"{case.name}-{variant.kube_proxy}-call{variant.call_iptables}")
    for case in CATALOGUE
    for variant in case.variants()
]


def cannot(reason: str) -> None:
    """Skip, unless this is CI, where a skipped case hides a fault."""
    if os.environ.get("CI"):
        pytest.fail(f"a lab case may not be skipped in CI: {reason}")
    pytest.skip(reason)


def assert_symptom(case: Case, names: Names, variant: Variant) -> None:
    if os.geteuid() != 0:
        cannot("needs root")
    try:
        with Lab(case.build(names, variant)) as lab:
            wrong = [
                f"{seen.check}, but is {seen.seen}"
                for seen in observe(lab, case.checks(names))
                if not seen.holds
            ]
    except CommandFailed as error:
        if os.strerror(errno.EOPNOTSUPP) not in str(error):
            raise
        cannot(str(error))
    assert not wrong, "\n".join(wrong)


@pytest.mark.lab
@pytest.mark.parametrize(("case", "variant"), CASES)
def test_a_case_shows_its_symptom_with_the_names_of_the_story(case: Case, variant: Variant) -> None:
    assert_symptom(case, Names.story(), variant)


@pytest.mark.lab
@pytest.mark.parametrize(("case", "variant"), CASES)
def test_a_case_shows_its_symptom_with_names_drawn_at_random(case: Case, variant: Variant) -> None:
    assert_symptom(case, Names.random(zlib.crc32(case.name.encode())), variant)
