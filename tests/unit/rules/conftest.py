"""Recorded lab cases in which one answer is altered, judged by one rule: does the deciding answer decide?"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.diagnose import Judgement, diagnose, judge
from hairpin_doctor.examine import replay, run_probe
from hairpin_doctor.network import Network
from hairpin_doctor.recording import Asked, Recording, RememberingHost
from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.files import parse
from hairpin_doctor.rule import Rule, Verdict
from hairpin_doctor.rules.catalogue import CATALOGUE as RULES
from hairpin_doctor.vantage_point import VantagePoint
from probes.catalogue import CATALOGUE as PROBES
from probes.cluster.api import absent, denied
from probes.cluster.host import ClusterHost
from probes.host import Question, Unanswered
from probes.probe import Layer
from probes.questions.links import Link, Links
from probes.questions.machine import Sysctl
from probes.questions.traffic import Endpoint, Handshakes
from probes.target import Address

RECORDINGS = Path(__file__).parents[2] / "golden" / "recordings"
Change = Callable[[Any, Any], Any]


def altered(recording: Recording, question: type[Question[Any]], change: Change) -> Recording:
    """The same recording with `change(question, answer)` for every answer to such a question.

    A change that gives an Unanswered takes the answer away; one that alters nothing is a mistake of the test.
    """
    asked = tuple(
        _changed(each, change) if type(each.question) is question else each for each in recording.asked
    )
    if asked == recording.asked:
        raise AssertionError(f"nothing changed in the answers to {question.__name__}")
    return replace(recording, asked=asked)


def _changed(asked: Asked, change: Change) -> Asked:
    answer = change(asked.question, asked.answer)
    if isinstance(answer, Unanswered):
        return Asked(asked.question, unanswered=answer)
    return asked if answer == asked.answer else Asked(asked.question, answer)


REPLAYED: dict[int, tuple[Recording, VantagePoint]] = {}


def point(recording: Recording) -> VantagePoint:
    """The recording's vantage point; each recording object is replayed once."""
    if id(recording) not in REPLAYED:
        findings = replay(recording, PROBES).findings
        REPLAYED[id(recording)] = (recording, VantagePoint(findings, recording.scope, recording.taken_at))
    return REPLAYED[id(recording)][1]


@dataclass(frozen=True)
class Served:
    """An API in memory; 403 is refused, what is not there is absent."""

    answers: Mapping[str, Any]

    def get(self, path: str, seconds: float) -> bytes:
        found = self.answers.get(path.partition("?")[0])
        if found == 403:
            raise denied(path)
        if found is None:
            raise absent(path)
        return json.dumps({"items": found} if isinstance(found, list) else found).encode()


@dataclass(frozen=True)
class Case:
    """The recordings of one lab case: of the host that serves the VIP and of the client."""

    host: Recording
    client: Recording

    @property
    def vip(self) -> Address:
        """The first VIP of the case."""
        return self.client.scope.vips[0]

    @staticmethod
    def asking_a_cluster(recording: Recording, answers: Mapping[str, Any]) -> Recording:
        """The recording, as if a cluster with these objects (path -> objects) had been asked there."""
        host = RememberingHost(ClusterHost(Served(answers)))
        for probe in PROBES:
            if probe.layer is Layer.CLUSTER:
                run_probe(probe, host, recording.scope)
        return replace(recording, asked=(*recording.asked, *host.asked()))

    def host_says(self, question: type[Question[Any]], change: Change) -> Case:
        """`change(question, answer)` on the host."""
        return replace(self, host=altered(self.host, question, change))

    def client_says(self, question: type[Question[Any]], change: Change) -> Case:
        """`change(question, answer)` at the client."""
        return replace(self, client=altered(self.client, question, change))

    def host_lists(self, question: type[Question[Any]], change: Callable[[Any], Any]) -> Case:
        """`change(entry)` for every entry of the host's answers; None leaves it out."""
        return self.host_says(question, _of_each(change))

    def client_lists(self, question: type[Question[Any]], change: Callable[[Any], Any]) -> Case:
        """`change(entry)` for every entry of the client's answers; None leaves it out."""
        return self.client_says(question, _of_each(change))

    def host_sets(self, settings: Mapping[str, int]) -> Case:
        """Sysctls of the host by their names."""
        return self.host_says(Sysctl, lambda question, answer: settings.get(question.name, answer))

    def link(self, name: str) -> Link:
        """An interface of the host."""
        links = next(each.answer for each in self.host.asked if type(each.question) is Links)
        return next(link for link in links if link.name == name)

    def syn_port(self, port: int = 53) -> int:
        """The source port of the client's SYN to this port of the VIP, as its capture saw it."""
        answers = next(each.answer for each in self.client.asked if isinstance(each.question, Handshakes))
        tried = next(each for each in answers if each.destination == Endpoint(self.vip, port))
        found: int = next(frame.source.port for frame in tried.frames if frame.outgoing)
        return found

    def network(self, *only: Recording) -> Network:
        """What both saw together, or what only these saw."""
        return Network(map(point, only or (self.host, self.client)))

    def verdict(self, rule: Rule, *only: Recording) -> Verdict:
        """What one rule says of the first VIP."""
        return judge(rule, self.network(*only), self.vip)

    def judgement(self, *only: Recording) -> Judgement:
        """What all rules say."""
        return diagnose(self.network(*only), RULES)


def _of_each(change: Callable[[Any], Any]) -> Change:
    return lambda _, entries: tuple(new for each in entries if (new := change(each)) is not None)


@cache
def load(name: str) -> Case:
    report = parse(gzip.decompress((RECORDINGS / f"{name}.json.gz").read_bytes()))
    return Case(*(decode_recording(each) for each in report["recordings"]))


@pytest.fixture
def recorded() -> Callable[[str], Case]:
    """`recorded("vip-on-port-mac")`: the recordings of that lab case."""
    return load
