"""A case seen by two scans that know nothing of each other, judged together afterwards, as `judge` does with saved files."""

from __future__ import annotations

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases.case import Case
from hairpin_doctor.lab.examination import Verdict, of_report
from hairpin_doctor.lab.names import Names
from hairpin_doctor.recording import Recording
from hairpin_doctor.scan import Request, judge, scan
from probes.linux import LinuxHost
from probes.target import parse_target


def separate_verdict(lab: Lab, case: Case, names: Names) -> Verdict:
    """The client is scanned first, as it is where somebody finds that a VIP does not work, then the host."""
    request = Request(tuple(parse_target(text) for text in case.targets(names)))

    def alone(role: str) -> Recording:
        return lab.inside(role, lambda: scan(LinuxHost(), request)).recordings[0]

    return of_report(judge((alone(case.client), alone(case.host))).report)
