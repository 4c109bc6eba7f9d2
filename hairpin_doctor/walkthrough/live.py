"""A walk on this very machine: scans it, and mends it by the engine of `fix`, under its watchdog."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.mending.checkpoint import Work
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.plan import Option, plans
from hairpin_doctor.mending.reprobe import states_here
from hairpin_doctor.mending.store import MendingRefused
from hairpin_doctor.recording import Recording
from hairpin_doctor.report.files import BadReport, load
from hairpin_doctor.report.report import Diagnosis, Fix, Report
from hairpin_doctor.scan import Request, Scanned
from hairpin_doctor.targets import refuse_ipv6
from hairpin_doctor.walkthrough.doings import Applied, Tell, Tick, Trouble, saved, watched
from probes.host import Host
from probes.target import BadTarget, Target, parse_target

CONFIRM_WITHIN = 120
NOTE = (
    "The fix is applied. It holds until the next reboot, unless it is made lasting where this host configures its "
    "network. `hairpin-doctor fix --rollback` takes it back later."
)
EngineOf = Callable[[Tell], Engine]


class Live:
    """This machine. `host`: how it is looked at; `engine`: how it is changed; `root`: whether it may be."""

    def __init__(
        self,
        host: Host,
        engine: EngineOf,
        root: bool,
        targets: tuple[Target, ...],
        others: tuple[Recording, ...],
    ) -> None:
        self._host, self._engine, self._root = host, engine, root
        self._request = Request(targets, others)
        self._scanned: Scanned | None = None
        self._open = False

    def look(self, typed: str, tick: Tick) -> Report:
        """Scan; what was typed is a target, or the file of a report."""
        if typed.strip():
            self._request = self._asked(typed.strip())
        self._scanned = watched(self._host, self._request, tick, self._request.others)
        return self._scanned.report

    def _asked(self, typed: str) -> Request:
        try:
            if Path(typed).is_file():
                return Request((), load(typed).recordings)
            return Request((refuse_ipv6(parse_target(typed)),), self._request.others)
        except (BadTarget, BadReport) as error:
            raise Trouble(str(error)) from None

    def _option(self, diagnosis: Diagnosis, fix: Fix) -> Option | None:
        if self._scanned is None:
            return None
        found = plans(self._scanned.judgement, self._me, code=diagnosis.code, context=None)
        options = (option for plan in found for option in plan.options)
        return next((option for option in options if option.fix.title == fix.title), None)

    @property
    def _me(self) -> str | None:
        points = self._scanned.report.vantage_points if self._scanned else ()
        return next((point.name for point in points if point.live), None)

    def cannot_apply(self, diagnosis: Diagnosis, fix: Fix) -> str | None:
        """Without root, or where no step belongs to this machine."""
        option = self._option(diagnosis, fix)
        if option is None or not option.here:
            places = dict.fromkeys(step.machine for step in fix.steps)
            return f"its steps belong to {', '.join(places)}: copy them there"
        return None if self._root else "only root can change a machine: start it with sudo"

    def apply(self, diagnosis: Diagnosis, fix: Fix, tell: Tell) -> Applied:
        """Carry out this machine's part; it stays only if somebody confirms it."""
        option, scanned = self._option(diagnosis, fix), self._scanned
        if option is None or scanned is None or not option.here:
            raise Trouble("no part of it belongs to this machine")
        changes = tuple(change for stage in option.here for change in stage.changes)
        work = Work(fix.title, diagnosis.code, (diagnosis.vip,), self._me or "this machine", changes, None)
        before = states_here(scanned.report)
        fails = any(works is False for works in before.values())
        try:
            checkpoint = self._engine(tell).apply(
                work,
                before,
                lambda: states_here(self.look("", lambda _: None)),
                must_mend=fails and not option.elsewhere,
                confirm_within=CONFIRM_WITHIN,
            )
        except (MendingRefused, CannotChange, OSError) as error:
            raise Trouble(f"{error}") from None
        for each in checkpoint.said:
            tell(each)
        self._open = checkpoint.pending
        report = self._scanned.report if self._scanned else scanned.report
        return Applied(
            report,
            checkpoint.pending,
            must_confirm=checkpoint.pending,
            note=NOTE if checkpoint.pending else None,
        )

    def keep(self) -> None:
        """Confirm."""
        try:
            self._engine(lambda _: None).confirm()
        except (MendingRefused, OSError) as error:
            raise Trouble(str(error)) from None
        self._open = False

    def undo(self, tell: Tell) -> Report:
        """Take the last run back and look again."""
        try:
            self._engine(tell).roll_back()
        except (MendingRefused, OSError) as error:
            raise Trouble(str(error)) from None
        self._open = False
        return self.look("", lambda _: None)

    def save(self) -> str:
        """Save the last report."""
        if self._scanned is None:
            raise Trouble("there is no report yet")
        return saved(self._scanned)

    def close(self) -> None:
        """What nobody confirmed is taken back at once, rather than by the watchdog in its time."""
        if self._open:
            self._engine(lambda _: None).roll_back()
