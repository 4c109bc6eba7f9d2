"""Machines scanned without knowing of each other, judged together: as by a scan that knew, or undetermined, never otherwise.

The cases are those whose verdict rests on what the host says about this very client.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.examination import Verdict
from hairpin_doctor.recording import Recording
from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.files import parse, to_json
from hairpin_doctor.scan import judge
from probes.questions.neighbours import ArpSweep
from probes.questions.routing import RouteTo

RECORDINGS = Path(__file__).parent / "recordings"
CASES = (
    "firewall-drops",
    "firewall-rejects",
    "policy-route-captures-lan",
    "policy-route-captures-pods",
    "answers-discarded-by-policy",
    "multihomed-asymmetry",
    "arp-filtered",
    "two-nics-strict-filter",
    "plain-nic-nobody-announces",
    "unknown-backend-hangs",
)


def unaware(host: Recording) -> Recording:
    """The host as it was looked at without a client's report; what the kernel was asked about stays."""
    return replace(host, scope=replace(host.scope, clients=()))


def ignorant(host: Recording) -> Recording:
    """And the client was no neighbour of it, so that the kernel was not asked about it either."""
    clients, vips = set(host.scope.clients), set(host.scope.vips)

    def about_the_client(question: object) -> bool:
        if isinstance(question, ArpSweep):
            return not vips & set(question.addresses)
        return isinstance(question, RouteTo) and question.destination in clients

    kept = tuple(each for each in host.asked if not about_the_client(each.question))
    return replace(unaware(host), asked=kept)


def recorded(name: str) -> tuple[Recording, Recording]:
    report = parse(gzip.decompress((RECORDINGS / f"{name}.json.gz").read_bytes()))
    host, client = (decode_recording(each) for each in report["recordings"])
    return host, client


def verdict(*recordings: Recording) -> Verdict:
    return Verdict.of(json.loads(to_json(judge(recordings).report, indent=None)))


@pytest.mark.parametrize("name", CASES)
def test_separate_scans_are_judged_as_a_joint_one(name: str) -> None:
    case, (host, client) = find(name), recorded(name)
    assert case is not None
    assert verdict(client, unaware(host)).wrong(case.expected["both"]) is None


@pytest.mark.parametrize("name", CASES)
def test_what_was_not_asked_is_asked_for_with_the_command(name: str) -> None:
    case, (host, client) = find(name), recorded(name)
    assert case is not None
    found = verdict(client, ignorant(host))
    if found.wrong(case.expected["both"]) is not None:
        assert (found.outcome, found.codes) == ("undetermined", ())
        said = [each["how_to_get"] for each in found.report["undetermined"]]
        assert any(f"--with {client.vantage_point}.json" in each for each in said)
