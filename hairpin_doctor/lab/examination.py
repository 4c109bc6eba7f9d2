"""Scanning a running lab as a user would: the command line in the client, then on the host with the client's report."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases.case import Case, Expected, Vantage
from hairpin_doctor.lab.names import Names
from hairpin_doctor.report.files import load
from hairpin_doctor.scan import judge

SCAN = (sys.executable, "-m", "hairpin_doctor", "scan", "-o", "json")
BOTH = "both.json"
EXIT_CODES = {"healthy": 0, "diagnosed": 1, "unexplained": 3, "undetermined": 4}


class ScanFailed(Exception):
    """The scan itself failed, or its exit code is not that of its verdict; the message holds what it printed."""


@dataclass(frozen=True)
class Verdict:
    """What a scan said: the verdict, the codes of the diagnoses in order, each once, and the whole report."""

    outcome: str
    codes: tuple[str, ...]
    report: dict[str, Any]

    @classmethod
    def of(cls, report: dict[str, Any]) -> Verdict:
        """From a report's JSON."""
        codes = dict.fromkeys(each["code"] for each in report["diagnoses"])
        return cls(report["verdict"], tuple(codes), report)

    def wrong(self, expected: Expected) -> str | None:
        """What differs from the expectation, in one sentence, or None."""
        superfluous = [code for code in self.codes if code not in (*expected.codes, *expected.allowed)]
        missing = [code for code in expected.codes if code not in self.codes]
        first = expected.codes[:1] == self.codes[:1] or self.codes[:1] == expected.allowed[:1]
        if self.outcome == expected.verdict and not superfluous and not missing and first:
            return None
        wanted = f"{expected.verdict} {' '.join(expected.codes)}".strip()
        return f"expected {wanted}, found {self.outcome} {' '.join(self.codes)}".strip()


def scan(lab: Lab, role: str, arguments: tuple[str, ...], save: Path) -> Verdict:
    """Run the command on a machine. Raises ScanFailed."""
    done = lab.run(role, [*SCAN, *arguments, "--save", str(save)])
    try:
        found = Verdict.of(json.loads(done.stdout))
    except (ValueError, KeyError):
        raise ScanFailed(
            f"scan on {role} ended with {done.returncode}: {done.stderr or done.stdout}"
        ) from None
    if done.returncode != EXIT_CODES[found.outcome]:
        raise ScanFailed(f"scan on {role}: verdict {found.outcome}, but exit code {done.returncode}")
    return found


def examine(lab: Lab, case: Case, names: Names, folder: Path) -> dict[Vantage, Verdict]:
    """The verdicts of the client alone, of both together, and of the host's own part of that report alone."""
    client_file, both_file = folder / "client.json", folder / BOTH
    client = scan(lab, case.client, case.targets(names), client_file)
    both = scan(lab, case.host, ("--with", str(client_file)), both_file)
    recordings = load(both_file).recordings
    own = [each for each in recordings if each.vantage_point == lab.topology.machine(case.host).name]
    host = judge(own).report
    codes = dict.fromkeys(each.code for each in host.diagnoses)
    return {"client": client, "host": Verdict(host.verdict, tuple(codes), {}), "both": both}
