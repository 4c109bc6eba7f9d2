"""Scanning a running lab: by the command line, as a user would, or in this process, which costs a third."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from hairpin_doctor.archive import program
from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases.case import Case, Expected, Vantage
from hairpin_doctor.lab.names import Names
from hairpin_doctor.recording import Recording
from hairpin_doctor.report.files import load, to_json
from hairpin_doctor.report.report import Report
from hairpin_doctor.scan import Request, judge
from hairpin_doctor.scan import scan as scan_here
from probes.linux import LinuxHost
from probes.target import parse_target

SCAN = (*program(), "scan", "-o", "json")
CLIENT, OTHER, BOTH = "client.json", "client-{}.json", "both.json"
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


class Scanner(Protocol):
    """How the two machines of a case are scanned. Recordings: this machine's first."""

    def asking(self, case: Case) -> Scanner:
        """The same, for what this case says is to be scanned."""

    def client(self) -> tuple[Verdict, tuple[Recording, ...]]:
        """A scan in the client, of the case's targets."""

    def others(self) -> tuple[Recording, ...]:
        """Scans in the case's further clients."""

    def both(self, clients: tuple[Recording, ...]) -> tuple[Verdict, tuple[Recording, ...]]:
        """A scan on the host, judged together with the recordings of all clients, the case's `client` last."""


ScannerOf = Callable[[Lab, Case, Names, Path], Scanner]


@dataclass(frozen=True)
class ByCommand:
    """`hairpin-doctor scan` as a process on the machine; reports go by files in `folder`. Raises ScanFailed."""

    lab: Lab
    case: Case
    names: Names
    folder: Path

    def asking(self, case: Case) -> Scanner:
        """See Scanner."""
        return replace(self, case=case)

    def client(self) -> tuple[Verdict, tuple[Recording, ...]]:
        """See Scanner."""
        return self._scan(self.case.client, self.case.targets(self.names), self.folder / CLIENT)

    def others(self) -> tuple[Recording, ...]:
        """See Scanner."""
        targets = self.case.targets(self.names)
        scans = (self._scan(role, targets, self.folder / OTHER.format(role)) for role in self.case.others)
        return tuple(each for _, recordings in scans for each in recordings)

    def both(
        self,
        clients: tuple[Recording, ...],  # noqa: ARG002 - the command reads them from the files that the clients' scans saved
    ) -> tuple[Verdict, tuple[Recording, ...]]:
        """See Scanner."""
        files = (*(OTHER.format(role) for role in self.case.others), CLIENT)
        reports = (word for name in files for word in ("--with", str(self.folder / name)))
        return self._scan(self.case.host, tuple(reports), self.folder / BOTH)

    def _scan(
        self, role: str, arguments: tuple[str, ...], save: Path
    ) -> tuple[Verdict, tuple[Recording, ...]]:
        done = self.lab.run(role, [*SCAN, "--no-cluster", *arguments, "--save", str(save)])
        try:
            found = Verdict.of(json.loads(done.stdout))
        except (ValueError, KeyError):
            said = done.stderr or done.stdout
            raise ScanFailed(f"scan on {role} ended with {done.returncode}: {said}") from None
        if done.returncode != EXIT_CODES[found.outcome]:
            raise ScanFailed(f"scan on {role}: verdict {found.outcome}, but exit code {done.returncode}")
        return found, load(save).recordings


@dataclass(frozen=True)
class InProcess:
    """The same scan in a thread of this process that has entered the machine's network."""

    lab: Lab
    case: Case
    names: Names
    folder: Path

    def asking(self, case: Case) -> Scanner:
        """See Scanner."""
        return replace(self, case=case)

    def client(self) -> tuple[Verdict, tuple[Recording, ...]]:
        """See Scanner."""
        return self._scan(self.case.client, self._targets())

    def others(self) -> tuple[Recording, ...]:
        """See Scanner."""
        return tuple(each for role in self.case.others for each in self._scan(role, self._targets())[1])

    def both(self, clients: tuple[Recording, ...]) -> tuple[Verdict, tuple[Recording, ...]]:
        """See Scanner."""
        return self._scan(self.case.host, Request(others=clients))

    def _targets(self) -> Request:
        return Request(tuple(parse_target(text) for text in self.case.targets(self.names)))

    def _scan(self, role: str, request: Request) -> tuple[Verdict, tuple[Recording, ...]]:
        done = self.lab.inside(role, lambda: scan_here(LinuxHost(), request))
        return of_report(done.report), done.recordings


def of_report(report: Report) -> Verdict:
    """From a report of this process."""
    return Verdict.of(json.loads(to_json(report, indent=None)))


def examine(scanner: Scanner) -> dict[Vantage, Verdict]:
    """The verdicts of the client alone, of both together, of the host's own part of that scan alone, and of everybody."""
    client, of_client = scanner.client()
    others = scanner.others()
    everybody, recordings = scanner.both((*others, *of_client))
    host = recordings[:1]
    found: dict[Vantage, Verdict] = {
        "client": client,
        "host": of_report(judge(host).report),
        "both": everybody,
    }
    if others:
        both = of_report(judge((*host, *of_client)).report)
        found |= {"both": both, "all": everybody}
    return found


def sufferers(report: dict[str, Any]) -> set[str]:
    """The machines whose symptoms a report's broken causes speak of."""
    broken = (each for each in report["diagnoses"] if each["severity"] == "broken")
    said = [sentence for each in broken for sentence in each["because"]]
    machines = (each["name"] for each in report["vantage_points"])
    return {
        name
        for name in machines
        if any(s.startswith((f"From {name}: ", f"Likewise for {name}: ")) for s in said)
    }
