"""Two machines answer for a VIP, and both were scanned, with the client's report: then nothing is left to guess."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.homelab import Variant
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.running import Setting
from hairpin_doctor.recording import Recording
from hairpin_doctor.report.files import to_json
from hairpin_doctor.scan import Request, scan
from probes.linux.host import LinuxHost
from probes.target import parse_target

pytestmark = pytest.mark.lab


def scanned(name: str, *roles: str) -> dict[str, Any]:
    """The report of a scan on each of these machines in turn, each with the reports of those before."""
    case, names = find(name), Names.random(len(name))
    assert case is not None
    with Setting(case, names, Variant(kube_proxy="nftables")).lab() as lab:
        seen: tuple[Recording, ...] = ()
        report: dict[str, Any] = {}
        targets = tuple(parse_target(text) for text in case.targets(names))
        for role in (case.client, *roles):
            done = on(lab, role, Request(() if seen else targets, others=seen))
            seen, report = done.recordings, json.loads(to_json(done.report))
        return report


def on(lab: Lab, role: str, request: Request) -> Any:
    return lab.inside(role, lambda: scan(LinuxHost(), request))


def found(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (each["code"], each["severity"], each["confidence"])
        for each in report["diagnoses"]
        if each["severity"] != "note"
    ]


def test_two_nodes_of_which_one_leads_nowhere_are_split_brain() -> None:
    report = scanned("split-brain-dead-node", "other_node", "host")
    assert (report["verdict"], found(report)) == ("diagnosed", [("HD202", "broken", "proven")])


def test_two_nodes_that_both_serve_are_split_brain_that_somebody_will_feel() -> None:
    report = scanned("split-brain", "other_node", "host")
    assert (report["verdict"], found(report)) == ("healthy", [("HD202", "latent", "proven")])


def test_two_nodes_whose_kernels_answer_are_no_split_brain() -> None:
    report = scanned("every-node-holds-the-vip", "other_node", "host")
    assert (report["verdict"], found(report)) == ("healthy", [("HD204", "latent", "proven")])


def test_a_stranger_that_was_scanned_beside_the_node_is_named_with_its_interface() -> None:
    report = scanned("duplicate-address", "stranger", "host")
    assert (report["verdict"], found(report)) == ("diagnosed", [("HD203", "broken", "proven")])
    (first,) = [each for each in report["diagnoses"] if each["code"] == "HD203"]
    assert [step["commands"][0].split()[:3] for step in first["fixes"][0]["steps"]] == [
        ["ip", "addr", "del"],
        ["ip", "neigh", "flush"],
    ]
