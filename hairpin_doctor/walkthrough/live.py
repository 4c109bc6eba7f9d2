"""A walk on this very machine: scans it, and mends it by the engine of `fix`, under its watchdog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hairpin_doctor.mending.checkpoint import Checkpoint, Work
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.plan import Option, Plan, plans
from hairpin_doctor.mending.reprobe import States, must_work_from_here, states_here
from hairpin_doctor.report.files import BadReport, load
from hairpin_doctor.report.report import Diagnosis, Fix, Report, Step
from hairpin_doctor.scan import Request, Scanned
from hairpin_doctor.targets import names_a_service
from hairpin_doctor.walkthrough.doings import Applied, Tell, Tick, Trouble, saved, watched
from hairpin_doctor.walkthrough.open_run import EngineOf, OpenRun
from probes.host import Host
from probes.target import BadTarget, parse_target

NOTE = (
    "The fix is applied. It holds until the next reboot, unless it is made lasting where this host configures its "
    "network. `hairpin-doctor fix --rollback` takes it back later."
)
STALE = (
    "What {} reported was seen before the fix and is left out: scan there again, and press t to judge the new report "
    "together with what is seen here."
)
OUTDATED = (
    "The fix was taken back, and this is what was found before it. What {} reported then no longer fits together with what "
    "is seen now: for a new verdict scan there again, and press t."
)
UNPROVEN = (
    "not proven yet: from here only this can be seen, that every change holds and that nothing broke; before you keep it, "
    "look from where it failed:"
)


class Live:
    """This machine. `host`: how it is looked at, anew each time; `engine`: how it is changed; `root`: whether it may be.

    `confirm_within`: seconds for a yes, before the watchdog takes a fix back.
    """

    def __init__(
        self, host: Callable[[], Host], engine: EngineOf, root: bool, request: Request, confirm_within: int
    ) -> None:
        self._host, self._root = host, root
        self._request, self._confirm_within = request, confirm_within
        self._scanned: Scanned | None = None
        self._before = self._request
        self._diagnosed: Scanned | None = None
        self._run = OpenRun(engine)
        self._stale: tuple[str, ...] = ()

    def look(self, typed: str, tick: Tick) -> Report:
        """Scan; what was typed is a target, a Service of the cluster, or the file of a report."""
        if typed.strip():
            self._request = self._asked(typed.strip())
        self._scanned = watched(self._host(), self._request, tick, self._request.others)
        return self._scanned.report

    def _asked(self, typed: str) -> Request:
        try:
            if Path(typed).is_file():
                return replace(self._request, targets=(), services=(), others=load(typed).recordings)
            if names_a_service(typed):
                return replace(self._request, targets=(), services=(typed,))
            return replace(self._request, targets=(parse_target(typed),), services=())
        except (BadTarget, BadReport) as error:
            raise Trouble(str(error)) from None

    def _found(self, diagnosis: Diagnosis, fix: Fix) -> tuple[Plan, Option] | None:
        if self._scanned is None:
            return None
        found = plans(self._scanned.judgement, self._me, code=diagnosis.code, context=None)
        options = ((plan, option) for plan in found for option in plan.options)
        return next((each for each in options if each[1].fix.title == fix.title), None)

    @property
    def _me(self) -> str | None:
        points = self._scanned.report.vantage_points if self._scanned else ()
        return next((point.name for point in points if point.live), None)

    def cannot_apply(self, diagnosis: Diagnosis, fix: Fix) -> str | None:
        """Without root, or where no step belongs to this machine."""
        found = self._found(diagnosis, fix)
        if found is None or not found[1].here:
            places = dict.fromkeys(step.machine for step in fix.steps)
            return f"its steps belong to {', '.join(places)}: copy them there"
        return None if self._root else "only root can change a machine: start it with sudo"

    def left_to_people(self, diagnosis: Diagnosis, fix: Fix) -> tuple[Step, ...]:
        """The steps of other machines, and those of the cluster."""
        found = self._found(diagnosis, fix)
        places = {(stage.place, stage.machine) for stage in found[1].elsewhere} if found else set()
        return tuple(step for step in fix.steps if (step.place, step.machine) in places)

    def apply(self, diagnosis: Diagnosis, fix: Fix, tell: Tell) -> Applied:
        """Carry out this machine's part; it stays only if somebody confirms it."""
        found, scanned = self._found(diagnosis, fix), self._scanned
        if found is None or scanned is None or not found[1].here:
            raise Trouble("no part of it belongs to this machine")
        before, (plan, option) = states_here(scanned.report), found
        must_mend = not option.elsewhere and must_work_from_here(scanned.report, plan.vips)
        self._before, self._request = self._request, self._after(scanned, option)
        self._diagnosed = scanned

        def probe() -> States:
            return states_here(self._looked())

        def applied(engine: Engine) -> Checkpoint:
            work = self._work(plan, option)
            return engine.apply(work, before, probe, must_mend=must_mend, confirm_within=self._confirm_within)

        try:
            checkpoint = self._run.begin(applied, tell)
        except Trouble:
            self._request = self._before
            raise
        if not checkpoint.pending:
            return self._taken_back()
        for each in (*checkpoint.said, *(() if must_mend else (UNPROVEN, fix.check))):
            tell(each)
        report = self._scanned.report if self._scanned else scanned.report
        return Applied(report, changed=True, must_confirm=True, note=self._note())

    def _work(self, plan: Plan, option: Option) -> Work:
        changes = tuple(change for stage in option.here for change in stage.changes)
        return Work(option.fix.title, plan.code, plan.vips, self._me or "this machine", changes, None)

    def _taken_back(self) -> Applied:
        """As it was before. What others reported earlier may not fit what is seen now: flows have ended since."""
        self._request, before = self._before, self._diagnosed
        report = self._looked()
        if before is None or not self._request.others or report.verdict in ("diagnosed", "healthy"):
            return Applied(report, changed=False, must_confirm=False, taken_back=True)
        self._scanned = before
        note = OUTDATED.format(", ".join(p.name for p in before.report.vantage_points if not p.live))
        return Applied(before.report, changed=False, must_confirm=False, note=note, taken_back=True)

    def _after(self, scanned: Scanned, option: Option) -> Request:
        """What is looked at once the change is made: what others saw of this machine before it holds no more."""
        if all(stage.place == "client" for stage in option.here):
            return self._request
        self._stale = tuple(p.name for p in scanned.report.vantage_points if not p.live)
        return replace(self._request, targets=scanned.recordings[0].scope.targets, services=(), others=())

    def _note(self) -> str:
        if not self._request.others and self._stale:
            return f"{NOTE} {STALE.format(', '.join(self._stale))}"
        return NOTE

    def _looked(self) -> Report:
        return self.look("", lambda _: None)

    def seconds_left(self) -> float | None:
        """Until the watchdog takes it back."""
        return self._run.seconds_left()

    def settle(self, tell: Tell) -> Applied:
        """Taken back by the watchdog, or ended in another shell."""
        if self._run.end(tell):
            return Applied(self._looked(), changed=True, must_confirm=False, note=self._note())
        return self._taken_back()

    def keep(self) -> None:
        """Confirm."""
        self._run.keep()

    def undo(self, tell: Tell) -> Applied:
        """Take this walk's run back and look again."""
        self._run.take_back(tell)
        return self._taken_back()

    def save(self) -> str:
        """Save the last report."""
        if self._scanned is None:
            raise Trouble("there is no report yet")
        return saved(self._scanned)

    def close(self, tell: Tell) -> None:
        """Nothing stays that nobody confirmed."""
        self._run.close(tell)
