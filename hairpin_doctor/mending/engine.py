"""Commit-confirmed mending: checkpoint, watchdog, changes one by one, probes, confirmation; or all of it taken back."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace

from hairpin_doctor.fixes.changes import Change
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.changing.hands import Hands
from hairpin_doctor.machine.changing.links import interfaces_here
from hairpin_doctor.machine.processes import is_running
from hairpin_doctor.machine.signals import undisturbed
from hairpin_doctor.mending.beginning import first_checkpoint
from hairpin_doctor.mending.checkpoint import Checkpoint, Work
from hairpin_doctor.mending.installing import Installer, installing
from hairpin_doctor.mending.reprobe import Comparison, Probe, States, probe_until_good
from hairpin_doctor.mending.rollback import (
    after_a_reboot,
    refuse_edited,
    refuse_elsewhere,
    restore,
    take_back,
    why_take_back,
)
from hairpin_doctor.mending.steps import Run, Steps, TakenBack
from hairpin_doctor.mending.store import MendingRefused, Store, Tell
from hairpin_doctor.mending.watchdog import NO_WATCHDOG, start_watchdog

APPLY_AT_MOST_S = 300.0
LATE_S = 5.0  # after its deadline the watchdog has not come for so long that it will not come


@dataclass(frozen=True)
class Engine:
    """Applies work to where `hands` reach, remembers it in `store`, and says in sentences what happens.

    `watch` starts whoever takes a run back when this process cannot, and says how.
    """

    store: Store
    hands: Hands
    tell: Tell = lambda _: None
    watch: Callable[[Store, Checkpoint], str] = start_watchdog

    def apply(
        self, work: Work, before: States, probe: Probe, *, must_mend: bool, confirm_within: int = 60
    ) -> Checkpoint:
        """Apply under a watchdog and probe; what comes back awaits confirmation, or has been rolled back and says why.

        `must_mend`: what failed from here before has to work now. Raises MendingRefused while nothing is changed yet.
        """
        self.store.prepare()
        with self.store.only_run():
            self.refuse_while_open()
            number = max((each.number for each in self.store.history()), default=0) + 1
            checkpoint = first_checkpoint(work, APPLY_AT_MOST_S, number)
            self.store.begin(checkpoint)
            how = self._watched(checkpoint, replace(checkpoint, phase="rolled-back", said=(NO_WATCHDOG,)))
            self.tell(f"checkpoint {checkpoint.id} is written; the watchdog runs ({how})")
            return self._carry_out(checkpoint, work, before, probe, must_mend, confirm_within)

    def _watched(self, checkpoint: Checkpoint, otherwise: Checkpoint) -> str:
        """How it is watched. Where it cannot be, `otherwise` is written instead, and MendingRefused raised."""
        try:
            return self.watch(self.store, checkpoint)
        except MendingRefused:
            self.store.write(otherwise)
            raise

    @property
    def _steps(self) -> Steps:
        return Steps(self.store, self.hands, self.tell)

    @property
    def _installer(self) -> Installer:
        return Installer(self.store, self.hands, self.tell)

    def refuse_while_open(self) -> None:
        """Raises MendingRefused while a run has not come to its end; one that nobody looks after any more is taken back."""
        pending = self.store.pending()
        if pending is not None and not self._abandoned(pending):
            raise MendingRefused(f"run {pending.id} is still open ({pending.phase}): {HOW_TO_END}")

    def _abandoned(self, pending: Checkpoint) -> bool:
        """Take back what neither a doctor nor a watchdog looks after any more, as after a reboot; True if that is done."""
        alive = pending.phase in ("applying", "installing") and is_running(
            pending.doctor, pending.doctor_started
        )
        if alive or self.store.is_watched(pending.id):
            return False
        refuse_elsewhere(pending)
        why = "left behind by a doctor and a watchdog that are gone: taken back"
        return not self._take_back(pending, after_a_reboot(pending) or why).pending

    def _carry_out(
        self,
        checkpoint: Checkpoint,
        work: Work,
        before: States,
        probe: Probe,
        must_mend: bool,
        confirm_within: int,
    ) -> Checkpoint:
        run = Run(checkpoint)
        try:
            for change in work.changes:
                self._keep_watched(run)
                self._steps.carry_out(run, change)
            self._steps.read_back(work.changes)
            self.tell("probing again")
            found = probe_until_good(probe, before, work.vips, must_mend=must_mend)
            if not found.good(must_mend=must_mend):
                raise TakenBack(found.why_not(must_mend=must_mend))
            return self._await(run, found, confirm_within)
        except (CannotChange, TakenBack, MendingRefused, OSError) as error:
            return self._take_back(run.last, f"rolled back: {error}")
        except BaseException as error:
            self._take_back(run.last, f"rolled back: interrupted ({type(error).__name__})")
            raise

    def _keep_watched(self, run: Run) -> None:
        """Nothing goes on unwatched. Raises MendingRefused where the watchdog is gone and no other one comes."""
        if not self.store.is_watched(run.last.id):
            how = self.watch(self.store, self._steps.still(run))
            self.tell(f"the watchdog was gone: another one runs ({how})")

    def _await(self, run: Run, found: Comparison, confirm_within: int) -> Checkpoint:
        self._keep_watched(run)
        with self.store.mutex():
            checkpoint = self._steps.still(run)
            said = (f"works now: {', '.join(found.mended)}",) if found.mended else ()
            checkpoint = replace(
                checkpoint,
                phase="awaiting-confirmation",
                interfaces={**checkpoint.interfaces, **interfaces_here()},
                deadline=time.monotonic() + confirm_within,
                said=(*checkpoint.said, *said),
            )
            self.store.write(checkpoint)
        return checkpoint

    def _take_back(self, last: Checkpoint, why: str) -> Checkpoint:
        """By what is on disk, or by what we remember where that cannot be read; nobody keeps us from it."""
        with self.store.mutex(may_end=lambda: True), undisturbed():
            checkpoint = self.store.read_or(last, self.tell)
            if not checkpoint.pending:
                return checkpoint
            return take_back(self.store, checkpoint, self.hands, why, self.tell)

    def confirm(self) -> Checkpoint:
        """Keep what awaits confirmation, and install what makes it last if that was asked for.

        Raises MendingRefused if nothing awaits it, and says what became of the last run.
        """
        with self._opened():
            pending = self.store.pending()
            if pending is None or pending.phase != "awaiting-confirmation":
                raise MendingRefused(f"nothing awaits confirmation{self.store.last_words()}")
            rebooted = after_a_reboot(pending)
            if rebooted is not None:
                raise MendingRefused(f"run {pending.id} cannot be kept any more: {rebooted}")
            kept = replace(pending, phase="confirmed", said=(*pending.said, "confirmed"))
            kept = installing(kept) if kept.lasting else kept
            self.store.write(kept)
        return self._installer.install(kept) if kept.lasting else kept

    def make_lasting(self, id_: str, lasting: tuple[Change, ...]) -> Checkpoint:
        """Install this for a run that was kept. Raises MendingRefused while another run is open."""
        with self.store.only_run():
            self.refuse_while_open()
            kept = self.store.read(id_)
            begun = installing(replace(kept, lasting=lasting))
            self.store.write(begun)
            self._watched(begun, kept)
            return self._installer.install(begun)

    def uninstall(self, name: str | None = None) -> Checkpoint:
        """Take back the last run, or the last of this name, that installed files. Raises MendingRefused if none did."""
        with self._opened():
            open_ = self.store.pending()
            if open_ is not None:
                raise MendingRefused(f"run {open_.id} is still open ({open_.phase}): {HOW_TO_END}")
            found = (
                each
                for each in reversed(self.store.history())
                if each.phase == "confirmed" and each.installed
            )
            checkpoint = next((each for each in found if each.is_called(name)), None)
            if checkpoint is None:
                raise MendingRefused(f"no fix{f' for {name}' if name else ''} has files installed here.")
            refuse_edited(checkpoint, self.hands)
            return self._restored(checkpoint, "uninstalled on request")

    def roll_back(self, id_: str | None = None, *, name: str | None = None) -> Checkpoint:
        """Take back the open run, else the last one kept, of this name; or `id_`. Raises MendingRefused if none is."""
        with self._opened():
            checkpoint = self.store.read(id_) if id_ is not None else self.last(name)
            if checkpoint is None or checkpoint.phase == "rolled-back":
                raise MendingRefused(f"there is nothing to roll back{self.store.last_words()}")
            refuse_edited(checkpoint, self.hands)
            return self._restored(checkpoint, "rolled back on request")

    def _restored(self, checkpoint: Checkpoint, why: str) -> Checkpoint:
        """Somebody who is killed meanwhile leaves a run that says so, and that the next one completes."""
        refuse_elsewhere(checkpoint)
        with undisturbed():
            with suppress(OSError):  # a full disk keeps nobody from restoring
                self.store.write(replace(checkpoint, phase="rollback-incomplete"))
            return restore(self.store, checkpoint, self.hands, why, self.tell)

    def _opened(self) -> AbstractContextManager[None]:
        if not self.store.directory.is_dir():
            raise MendingRefused("nothing was ever applied on this machine.")
        self.store.prepare()
        return self.store.mutex()

    def last(self, name: str | None = None) -> Checkpoint | None:
        """The run that is open, else the last one that was kept, if it has this name."""
        runs = [each for each in reversed(self.store.history()) if each.is_called(name)]
        kept = (each for each in runs if each.phase == "confirmed")
        return next((each for each in runs if each.pending), None) or next(kept, None)

    def await_end(self, id_: str, poll_s: float = 0.2) -> Checkpoint:
        """Wait until somebody confirms or the watchdog takes it back; should that be dead or stopped, do it here."""
        while True:
            checkpoint = self.store.read(id_)
            if not checkpoint.pending:
                return checkpoint
            watched = self.store.is_watched(id_)
            if checkpoint.phase == "rollback-incomplete" and not watched:
                return checkpoint
            why = why_take_back(checkpoint, time.monotonic() - (LATE_S if watched else 0), "the doctor")
            if why is not None:
                return self._take_back(checkpoint, why)
            time.sleep(poll_s)


HOW_TO_END = "end it with `hairpin-doctor fix --confirm` or `hairpin-doctor fix --rollback` first."
