"""Making a run that was kept outlive a reboot; whatever goes wrong, nothing is left of that, and the run stays kept."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from hairpin_doctor.fixes.changes import ConfigFile
from hairpin_doctor.machine.changing.found import CannotChange
from hairpin_doctor.machine.changing.hands import Hands
from hairpin_doctor.machine.changing.parsers import opinions
from hairpin_doctor.machine.processes import started
from hairpin_doctor.machine.signals import undisturbed
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.rollback import withdraw
from hairpin_doctor.mending.steps import Run, Steps, TakenBack
from hairpin_doctor.mending.store import MendingRefused, Store, Tell

INSTALL_AT_MOST_S = 300.0
HOLDS = "nothing of that is left, and what was applied holds until the next reboot"


def installing(kept: Checkpoint) -> Checkpoint:
    """The run while this process installs what makes it last."""
    me = os.getpid()
    deadline = time.monotonic() + INSTALL_AT_MOST_S
    return replace(kept, phase="installing", doctor=me, doctor_started=started(me), deadline=deadline)


@dataclass(frozen=True)
class Installer:
    """Installs what `lasting` of a run holds. `asked`: what the real programs say of the files, a sentence each."""

    store: Store
    hands: Hands
    tell: Tell
    asked: Callable[[Iterable[ConfigFile]], Iterable[str]] = opinions

    def install(self, begun: Checkpoint) -> Checkpoint:
        """`begun` is "installing" on disk. What comes back is "confirmed", and `installed` says whether it lasts."""
        run = Run(begun)
        steps = Steps(self.store, self.hands, self.tell, "installing")
        try:
            for change in begun.lasting:
                steps.carry_out(run, change)
            steps.read_back(begun.lasting)
            return self._done(run, steps)
        except (CannotChange, TakenBack, MendingRefused, OSError) as error:
            return self._withdraw(run.last, f"NOT made lasting: {error}; {HOLDS}")
        except BaseException as error:
            self._withdraw(run.last, f"NOT made lasting: interrupted ({type(error).__name__}); {HOLDS}")
            raise

    def _done(self, run: Run, steps: Steps) -> Checkpoint:
        said = tuple(self.asked(each for each in run.last.lasting if isinstance(each, ConfigFile)))
        for each in said:
            self.tell(each)
        with self.store.mutex():
            last = steps.still(run)
            done = replace(last, phase="confirmed", lasting=(), said=(*last.said, *said))
            self.store.write(done)
        return done

    def _withdraw(self, last: Checkpoint, why: str) -> Checkpoint:
        with self.store.mutex(may_end=lambda: True), undisturbed():
            checkpoint = self.store.read_or(last, self.tell)
            if checkpoint.phase != "installing":
                return checkpoint
            return withdraw(self.store, checkpoint, self.hands, why, self.tell)
