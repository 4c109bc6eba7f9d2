"""What a missing right hid is named in words, never by the name of a class."""

from __future__ import annotations

from hairpin_doctor.report.unseen import LEFT_OPEN
from probes.linux.rights import RIGHTS


def test_every_question_that_needs_a_right_has_its_words() -> None:
    assert {each.__name__ for each in RIGHTS} <= set(LEFT_OPEN)
