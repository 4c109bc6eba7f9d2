"""A walk through a case of the lab: the client is looked at, then the host with it, and the lab mends itself."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, TypeVar

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.mend import apply_fix, can_be_applied, undo_fix
from hairpin_doctor.lab.running import Setting
from hairpin_doctor.machine.commands import CommandFailed
from hairpin_doctor.report.report import Diagnosis, Fix, Report, Step
from hairpin_doctor.scan import Request, Scanned
from hairpin_doctor.walkthrough.doings import Applied, Confirmed, Tell, Tick, Trouble, saved, watched
from probes.host import Host, Question
from probes.questions.machine import Identity
from probes.target import parse_target

A = TypeVar("A")
NOTE = "The fix was carried out in the lab, which is torn down when you leave."


class Named:
    """This machine's answers under the host name of a machine of the lab, which shares the kernel's own name."""

    def __init__(self, host: Host, hostname: str) -> None:
        self._host, self._hostname = host, hostname

    def ask(self, question: Question[A]) -> A:
        """The answer; of who it is, with the other name."""
        answer = self._host.ask(question)
        if isinstance(answer, Identity):
            renamed: A = replace(answer, hostname=self._hostname)
            return renamed
        return answer


class InALab(Confirmed):
    """A running lab; `host` looks at whatever network its thread is in."""

    def __init__(self, lab: Lab, setting: Setting, host: Host) -> None:
        self._lab, self._setting, self._host = lab, setting, host
        self._scanned: Scanned | None = None
        self._applied: list[dict[str, Any]] = []

    def look(self, typed: str, tick: Tick) -> Report:  # noqa: ARG002 - the case has its targets
        """Scan the client, then the host together with it."""
        case = self._setting.case
        targets = tuple(map(parse_target, case.targets(self._setting.names)))
        client = self._lab.inside(case.client, lambda: watched(self._as(case.client), Request(targets), tick))
        others = client.recordings
        both = self._lab.inside(
            case.host, lambda: watched(self._as(case.host), Request(targets, others), tick, others)
        )
        self._scanned = both
        return both.report

    def _as(self, role: str) -> Host:
        return Named(self._host, self._lab.place(role).hostname)

    def cannot_apply(self, diagnosis: Diagnosis, fix: Fix) -> str | None:  # noqa: ARG002
        """Where a step is prose, or belongs to something that the lab has not got."""
        return None if can_be_applied(asdict(fix)) else "the lab can only carry out commands and manifests"

    def left_to_people(self, diagnosis: Diagnosis, fix: Fix) -> tuple[Step, ...]:  # noqa: ARG002
        """The lab does all of it."""
        return ()

    def apply(self, diagnosis: Diagnosis, fix: Fix, tell: Tell) -> Applied:  # noqa: ARG002
        """Carry it out on the lab's machines, and look again."""
        steps = asdict(fix)
        try:
            for line in apply_fix(self._lab, self._setting.case, self._setting.names, steps):
                tell(line)
        except CommandFailed as error:
            raise Trouble(str(error)) from None
        self._applied.append(steps)
        undoable = any(step.place in ("host", "client") and step.undo for step in fix.steps)
        return Applied(self.look("", lambda _: None), undoable, must_confirm=False, note=NOTE)

    def undo(self, tell: Tell) -> Applied:
        """Take the last fix back and look again."""
        if not self._applied:
            raise Trouble("nothing was applied")
        tell("taking back what was done on the machines; what the announcer was told stays")
        try:
            undo_fix(self._lab, self._setting.case, self._applied.pop())
        except CommandFailed as error:
            raise Trouble(str(error)) from None
        report = self.look("", lambda _: None)
        return Applied(report, changed=False, must_confirm=False, taken_back=True)

    def save(self) -> str:
        """Save the last report."""
        if self._scanned is None:
            raise Trouble("there is no report yet")
        return saved(self._scanned)
