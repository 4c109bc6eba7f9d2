"""A fake machine behind the seam (question -> answer), and vantage points made of facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from hairpin_doctor.findings import Findings, Seen
from hairpin_doctor.network import VantagePoint
from probes.catalogue import CATALOGUE
from probes.host import Question
from probes.probe import Scope
from probes.questions.links import Link
from probes.target import parse_target

PROBE_OF = {each.facts: each for each in CATALOGUE}


@dataclass
class FakeHost:
    """Answers a question by itself or else by its type; an answer may be a function of the question or an exception.

    What no test told it is no answer but a mistake: a probe must ask nothing else. `asked` keeps what was asked.
    """

    answers: Mapping[Any, Any]
    asked: list[Question[Any]] = field(default_factory=list)

    def ask(self, question: Question[Any]) -> Any:
        self.asked.append(question)
        key = question if question in self.answers else type(question)
        if key not in self.answers:
            raise AssertionError(f"nobody expected the question {question}")
        answer = self.answers[key]
        if isinstance(answer, Exception):
            raise answer
        return answer(question) if callable(answer) else answer

    def asked_of(self, kind: type[Any]) -> list[Any]:
        """The questions of one type, in order."""
        return [each for each in self.asked if type(each) is kind]


@pytest.fixture
def fake() -> Callable[[Mapping[Any, Any]], FakeHost]:
    """`fake({Links(): (...), RouteTo: lambda question: ...})`."""
    return FakeHost


@pytest.fixture
def link() -> Callable[..., Any]:
    """`link(2, "eth0", master=3)`: an interface that is up, with a MAC made of its index."""

    def make(index: int, name: str, **how: Any) -> Link:
        plain: dict[str, Any] = {
            "kind": None,
            "mac": f"02:00:00:00:00:{index:02x}",
            "permanent_mac": None,
            "mtu": 1500,
            "up": True,
            "carrier": True,
            "broadcast": True,
            "arp": True,
            "promiscuity": 0,
            "master": None,
            "lower": None,
            "addresses": (),
            "bridge": None,
            "port": None,
            "macvlan_mode": None,
        }
        return Link(index=index, name=name, **(plain | how))

    return make


@pytest.fixture
def point() -> Callable[..., VantagePoint]:
    """`point("n5", RouteFacts(...), ..., targets=("192.0.2.53:53/tcp",))`: what was not given was not asked."""

    def make(name: str, *facts: Any, targets: tuple[str, ...] = ("192.0.2.53:80/tcp",)) -> VantagePoint:
        found = [Seen(PROBE_OF[type(each)], each, 0.0) for each in facts]
        return VantagePoint(Findings(name, found), Scope(tuple(map(parse_target, targets))))

    return make
