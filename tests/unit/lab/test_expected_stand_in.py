"""What is expected of a stand-in client, beside what VM and host say together."""

from __future__ import annotations

import pytest

from hairpin_doctor.lab.cases import CATALOGUE, find
from hairpin_doctor.lab.expected_stand_in import EXPECTED, REFUSED, expected_of_a_stand_in
from hairpin_doctor.lab.names import Names

NAMES = Names.story()


def test_every_exception_is_of_a_case_that_exists_and_says_something_else() -> None:
    for name, expected in EXPECTED.items():
        case = find(name)
        assert case is not None, name
        assert expected != case.expected["both"], name


def test_no_exception_names_a_cause_that_the_case_does_not_have() -> None:
    for case in CATALOGUE:
        found = expected_of_a_stand_in(case, NAMES)
        both = {each for one in case.expected.values() for each in (*one.codes, *one.allowed)}
        later = {code for each in case.afterwards for code in each.codes}
        assert set(found.codes) <= both | later | {"HD001", "HD002"}, case.name


@pytest.mark.parametrize(
    ("name", "refused"), [("healthy", False), ("plain-nic", True), ("healthy-ipv6", False)]
)
def test_it_is_refused_where_the_host_has_no_such_bridge(name: str, refused: bool) -> None:
    case = find(name)
    assert case is not None
    assert (expected_of_a_stand_in(case, NAMES) == REFUSED) is refused
