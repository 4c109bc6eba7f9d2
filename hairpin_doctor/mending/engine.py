"""Commit-confirmed mending: checkpoint, watchdog, changes one by one, probes, confirmation; or all of it taken back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from hairpin_doctor.fixes.changes import Change, ForgottenNeighbour, LinkMac, Look, RestartedDaemonSet
from hairpin_doctor.machine.changing.found import CannotChange, NoInterface
from hairpin_doctor.machine.changing.hands import Hands
from hairpin_doctor.machine.processes import is_running, start_outliving
from hairpin_doctor.mending.beginning import first_checkpoint
from hairpin_doctor.mending.checkpoint import Checkpoint, Work
from hairpin_doctor.mending.reprobe import Comparison, Probe, States, probe_until_good
from hairpin_doctor.mending.rollback import restore, shown
from hairpin_doctor.mending.store import MendingRefused, Store

APPLY_AT_MOST_S = 300.0
WATCHDOG_STARTS_WITHIN_S = 15.0
WATCHDOG = "hairpin_doctor.mending.watchdog"
NOT_READ_BACK = (
    ForgottenNeighbour,
    LinkMac,
    Look,
    RestartedDaemonSet,
)  # learned anew, pinned, shown, or a moment only
Tell = Callable[[str], None]


class TakenBack(Exception):
    """The changes did not stay; the message says why."""


def start_watchdog(store: Store, checkpoint: Checkpoint) -> str:
    """How it was started, in words, once it is there. Raises MendingRefused if it does not come."""
    directory = str(store.directory.absolute())
    how = start_outliving(WATCHDOG, [directory, checkpoint.id], f"hairpin-doctor-{checkpoint.id}")
    deadline = time.monotonic() + WATCHDOG_STARTS_WITHIN_S
    while not store.is_watched(checkpoint.id):
        if time.monotonic() > deadline:
            store.write(replace(checkpoint, phase="rolled-back", said=("the watchdog did not start",)))
            raise MendingRefused("the watchdog did not start, so nothing was changed.")
        time.sleep(0.05)
    return how


@dataclass
class _Run:
    """A run as this process last knew it; its undo is complete before each change is made."""

    last: Checkpoint


@dataclass(frozen=True)
class Engine:
    """Applies work to where `hands` reach, remembers it in `store`, and says in sentences what happens.

    `watch` starts whoever takes a run back when this process cannot, and says how.
    """

    store: Store
    hands: Hands
    tell: Tell = lambda _: None
    watch: Callable[[Store, Checkpoint], str] = start_watchdog

    def is_done(self, changes: Iterable[Change]) -> bool:
        """Whether it is all so already. Raises CannotChange."""
        return all(self._is_so(change) for change in changes)

    def _is_so(self, change: Change) -> bool:
        try:
            return self.hands.find(change).so
        except NoInterface:
            return False  # one of the changes makes it

    def apply(
        self, work: Work, before: States, probe: Probe, *, must_mend: bool, confirm_within: int = 60
    ) -> Checkpoint:
        """Apply under a watchdog and probe; what comes back awaits confirmation, or has been rolled back and says why.

        `must_mend`: what failed from here before has to work now. Raises MendingRefused while nothing is changed yet.
        """
        self.store.prepare()
        with self.store.only_run():
            self.refuse_while_open()
            checkpoint = first_checkpoint(work, APPLY_AT_MOST_S)
            self.store.begin(checkpoint)
            how = self.watch(self.store, checkpoint)
            self.tell(f"checkpoint {checkpoint.id} is written; the watchdog runs ({how})")
            return self._carry_out(checkpoint, work, before, probe, must_mend, confirm_within)

    def refuse_while_open(self) -> None:
        """Raises MendingRefused while a run has not come to its end; one that nobody looks after any more is taken back."""
        pending = self.store.pending()
        if pending is not None and not self._abandoned(pending):
            raise MendingRefused(f"run {pending.id} is still open ({pending.phase}): {HOW_TO_END}")

    def _abandoned(self, pending: Checkpoint) -> bool:
        """Take back what neither a doctor nor a watchdog looks after any more, as after a reboot; True if that is done."""
        alive = pending.phase == "applying" and is_running(pending.doctor, pending.doctor_started)
        if alive or self.store.is_watched(pending.id):
            return False
        ended = self._take_back(pending, "left behind by a doctor and a watchdog that are gone: taken back")
        return not ended.pending

    def _carry_out(
        self,
        checkpoint: Checkpoint,
        work: Work,
        before: States,
        probe: Probe,
        must_mend: bool,
        confirm_within: int,
    ) -> Checkpoint:
        run = _Run(checkpoint)
        try:
            for change in work.changes:
                self._carry_out_one(run, change)
            self._read_back(work.changes)
            self.tell("probing again")
            found = probe_until_good(probe, before, work.vips, must_mend=must_mend)
            if not found.good(must_mend=must_mend):
                raise TakenBack(_why_not(found, must_mend))
            return self._await(run, found, confirm_within)
        except (CannotChange, TakenBack, MendingRefused, OSError) as error:
            return self._take_back(run.last, f"rolled back: {error}")
        except BaseException as error:
            self._take_back(run.last, f"rolled back: interrupted ({type(error).__name__})")
            raise

    def _carry_out_one(self, run: _Run, change: Change) -> None:
        """First the undo is on disk, then the change is made; nobody can take the run back in between."""
        with self.store.mutex():
            checkpoint = self._still_applying(run)
            found = self.hands.find(change)
            if found.so:
                self.tell(f"is so already: {shown(change)}")
                return
            changes, undo = (*checkpoint.changes, change), (*found.undo, *checkpoint.undo)
            run.last = replace(checkpoint, changes=changes, undo=undo)
            self.store.write(run.last)
            self.tell(f"doing: {shown(change)}")
            self.hands.do(change)
        self.tell(f"done: {shown(change)}")

    def _read_back(self, changes: Iterable[Change]) -> None:
        lost = [
            each for each in changes if not isinstance(each, NOT_READ_BACK) and not self.hands.find(each).so
        ]
        if lost:
            raise TakenBack(f"read back, this does not hold: {'; '.join(map(shown, lost))}")
        self.tell("every change was read back and holds")

    def _still_applying(self, run: _Run) -> Checkpoint:
        checkpoint = self.store.read(run.last.id)
        if checkpoint.phase != "applying":
            raise TakenBack(f"somebody ended the run meanwhile ({checkpoint.phase})")
        return checkpoint

    def _await(self, run: _Run, found: Comparison, confirm_within: int) -> Checkpoint:
        with self.store.mutex():
            checkpoint = self._still_applying(run)
            said = (f"works now: {', '.join(found.mended)}",) if found.mended else ()
            checkpoint = replace(
                checkpoint,
                phase="awaiting-confirmation",
                deadline=time.monotonic() + confirm_within,
                said=(*checkpoint.said, *said),
            )
            self.store.write(checkpoint)
        return checkpoint

    def _take_back(self, last: Checkpoint, why: str) -> Checkpoint:
        """By what is on disk, or by what we remember where that cannot be read."""
        with self.store.mutex():
            try:
                checkpoint = self.store.read(last.id)
            except MendingRefused as error:
                self.tell(str(error))
                checkpoint = last
            if not checkpoint.pending:
                return checkpoint
            return restore(self.store, checkpoint, self.hands, why, self.tell)

    def confirm(self) -> Checkpoint:
        """Keep what awaits confirmation. Raises MendingRefused if nothing does, and says what became of the last run."""
        with self._opened():
            pending = self.store.pending()
            if pending is None or pending.phase != "awaiting-confirmation":
                raise MendingRefused(f"nothing awaits confirmation{_last_run(self.store)}")
            kept = replace(pending, phase="confirmed", said=(*pending.said, "confirmed"))
            self.store.write(kept)
        return kept

    def roll_back(self, id_: str | None = None) -> Checkpoint:
        """Take back the open run, else the last one that was kept, else `id_`. Raises MendingRefused if there is none."""
        with self._opened():
            checkpoint = self.store.read(id_) if id_ is not None else self.last()
            if checkpoint is None or checkpoint.phase == "rolled-back":
                raise MendingRefused(f"there is nothing to roll back{_last_run(self.store)}")
            return restore(self.store, checkpoint, self.hands, "rolled back on request", self.tell)

    def _opened(self) -> AbstractContextManager[None]:
        if not self.store.directory.is_dir():
            raise MendingRefused("nothing was ever applied on this machine.")
        self.store.prepare()
        return self.store.mutex()

    def last(self) -> Checkpoint | None:
        """The run that is open, else the last one that was kept."""
        kept = (each for each in reversed(self.store.history()) if each.phase == "confirmed")
        return self.store.pending() or next(kept, None)

    def await_end(self, id_: str, poll_s: float = 0.2) -> Checkpoint:
        """Wait until somebody confirms or the watchdog takes it back; should that have died, do it here."""
        while True:
            checkpoint = self.store.read(id_)
            if not checkpoint.pending:
                return checkpoint
            if time.monotonic() > checkpoint.deadline and not self.store.is_watched(id_):
                return self._take_back(checkpoint, "nobody confirmed in time: rolled back")
            if checkpoint.phase == "rollback-incomplete" and not self.store.is_watched(id_):
                return checkpoint
            time.sleep(poll_s)


HOW_TO_END = "end it with `hairpin-doctor fix --confirm` or `hairpin-doctor fix --rollback` first."


def _why_not(found: Comparison, must_mend: bool) -> str:
    said = []
    if found.broken:
        said.append(f"{', '.join(found.broken)} worked before and no longer does")
    if must_mend and found.failing:
        said.append(f"{', '.join(found.failing)} still fails")
    return " and ".join(said)


def _last_run(store: Store) -> str:
    history = store.history()
    if not history:
        return "."
    last = history[-1]
    why = f": {last.said[-1]}" if last.said else ""
    return f"; the last run, {last.id}, is {last.phase}{why}."
