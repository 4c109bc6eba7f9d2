"""The next command: a look from the client by ssh or by a stand-in first, then the way by a file."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.diagnose import diagnose
from hairpin_doctor.examine import replay
from hairpin_doctor.network import Network
from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.compose import Looked, compose
from hairpin_doctor.report.files import parse
from hairpin_doctor.report.next_steps import next_steps
from hairpin_doctor.report.report import Report
from hairpin_doctor.scan import Request, scan
from hairpin_doctor.vantage_point import VantagePoint
from probes.catalogue import CATALOGUE as PROBES
from probes.questions.traffic import Handshake
from probes.target import parse_target

DNS = parse_target("192.0.2.53:53")


@pytest.fixture
def silent(fake_client: Callable[..., Any]) -> Report:
    """What a client tells to which nobody answers."""
    report: Report = scan(fake_client(Handshake.SILENT), Request((DNS,))).report
    return report


@pytest.fixture
def recorded_host() -> Callable[[str], Looked]:
    """The host of a recorded lab case, as if it were this machine."""

    def load(name: str) -> Looked:
        packed = Path(__file__).parents[2] / "golden" / "recordings" / f"{name}.json.gz"
        recording = decode_recording(parse(gzip.decompress(packed.read_bytes()))["recordings"][0])
        found = replay(recording, PROBES)
        return Looked(VantagePoint(found.findings, recording.scope), recording, live=True)

    return load


def as_a_host(report: Report) -> Report:
    """The same of a machine that serves the VIP itself."""
    points = (replace(report.vantage_points[0], name="n5", role="host"),)
    return replace(report, vantage_points=points, not_tested=("client path not tested",))


def commands(report: Report, **more: Any) -> list[str]:
    return [command for step in next_steps(report, None, **more) for command in step.commands]


def test_a_client_is_sent_to_the_host_by_ssh_or_by_a_file(silent: Report) -> None:
    found = commands(silent)
    assert found[0].endswith("--from ssh://root@HOST")
    assert [each.split()[-2] for each in found[1:]] == ["--save", "--with"]


def test_a_host_with_a_bridge_of_vms_looks_as_one_of_them_first(silent: Report) -> None:
    found = commands(as_a_host(silent), bridge="bridge0")
    assert found[0].endswith("--stand-in bridge0")
    assert found[1].endswith("--from ssh://USER@CLIENT --sudo")
    assert commands(as_a_host(silent))[0] == found[1]


def test_a_report_that_is_only_read_names_no_machine_that_could_be_used(silent: Report) -> None:
    read = replace(silent, vantage_points=(replace(silent.vantage_points[0], live=False),))
    assert not any("--from" in each or "--stand-in" in each for each in commands(read, bridge="bridge0"))


def test_the_bridge_is_the_one_in_the_subnet_of_the_vip(recorded_host: Callable[[str], Looked]) -> None:
    """Of the bridges of a node, the pods' own is none: a VM is not on it."""
    for name, bridge in (("healthy", "bridge0"), ("healthy-ipv6", "bridge0"), ("bgp-session-down", None)):
        host = recorded_host(name)
        judgement = diagnose(Network([host.point]), ())
        report = compose([host], judgement)
        found = [
            command for step in report.next_steps for command in step.commands if "--stand-in" in command
        ]
        assert [each.split()[-1] for each in found] == ([bridge] if bridge else [])
