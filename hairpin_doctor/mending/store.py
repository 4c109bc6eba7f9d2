"""Where checkpoints lie: a directory of root's alone, one file per run, and the locks between those who use it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hairpin_doctor.machine.files import write_durably
from hairpin_doctor.machine.locks import Held, is_held, lock
from hairpin_doctor.machine.signals import unstopped
from hairpin_doctor.mending.checkpoint import Checkpoint, checkpoint_of
from hairpin_doctor.mending.mutex import MendingRefused, held

DEFAULT = Path("/var/lib/hairpin-doctor")
__all__ = ["DEFAULT", "MendingRefused", "Store", "Tell"]
Tell = Callable[[str], None]
"""Gets one sentence for the person who waits."""


@dataclass(frozen=True)
class Store:
    """The checkpoints in `directory`. Whoever reads and writes one holds `mutex` meanwhile."""

    directory: Path = DEFAULT

    def prepare(self) -> None:
        """Make the directory, and see that nobody but root can write into it. Raises MendingRefused."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self.directory.stat()
        except OSError as error:
            raise self._unusable(error) from None
        if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise MendingRefused(
                f"{self.directory} belongs to somebody else or others can write to it; what lies there is carried out as "
                "root, so nothing was changed: chown root and chmod 700 it, or name another with --state-dir."
            )

    def _unusable(self, error: OSError) -> MendingRefused:
        reason = (error.strerror or str(error)).lower()
        return MendingRefused(
            f"{self.directory} cannot hold a checkpoint ({reason}), and without one nothing can be taken back: nothing was "
            "changed. Name another directory with --state-dir."
        )

    @contextmanager
    def mutex(self, may_end: Callable[[], bool] | None = None) -> Iterator[None]:
        """Held for one step of a run; whoever dies releases it. Of a directory that was deleted nobody is kept out.

        Who keeps it too long is killed where `may_end` says so (mutex.py); without that MendingRefused says who it is.
        Ctrl-Z stops nobody who holds it.
        """
        if not self.directory.is_dir():
            yield
            return
        with unstopped(), held(self.directory / "mutex.lock", may_end):
            yield

    @contextmanager
    def only_run(self) -> Iterator[None]:
        """Held for a whole run. Raises MendingRefused while another one goes on."""
        try:
            with lock(self.directory / "run.lock", wait=False):
                yield
        except Held:
            raise MendingRefused(
                "another run is changing this machine right now: wait for its end."
            ) from None
        except OSError as error:
            raise self._unusable(error) from None

    def watchdog_lock(self, id_: str) -> Path:
        """Held by the run's watchdog as long as it lives."""
        return self.directory / f"{id_}.watchdog"

    def is_watched(self, id_: str) -> bool:
        """Whether the run's watchdog lives."""
        return is_held(self.watchdog_lock(id_))

    def write(self, checkpoint: Checkpoint) -> None:
        """Durably. Raises OSError, and the old one then stays."""
        write_durably(self.directory / f"{checkpoint.id}.json", checkpoint.to_json())

    def begin(self, checkpoint: Checkpoint) -> None:
        """Write the first one. Raises MendingRefused where there is no room or no right."""
        try:
            self.write(checkpoint)
        except OSError as error:
            raise self._unusable(error) from None

    def read(self, id_: str) -> Checkpoint:
        """Raises MendingRefused if there is none, or none that can be read."""
        path = self.directory / f"{id_}.json"
        try:
            return checkpoint_of(path.read_text())
        except FileNotFoundError:
            raise MendingRefused(f"there is no run {id_} in {self.directory}.") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise MendingRefused(f"{path} cannot be read: {error}.") from None

    def read_or(self, last: Checkpoint, tell: Tell) -> Checkpoint:
        """What is on disk of the run, or what is remembered of it where that cannot be read, which `tell` is told."""
        try:
            return self.read(last.id)
        except MendingRefused as error:
            tell(str(error))
            return last

    def history(self) -> tuple[Checkpoint, ...]:
        """Every run, oldest first, whatever the clock said meanwhile."""
        if not self.directory.is_dir():
            return ()
        found = (self.read(path.stem) for path in self.directory.glob("[0-9]*.json"))
        return tuple(sorted(found, key=lambda run: (run.number, run.id)))

    def pending(self) -> Checkpoint | None:
        """The run that has not come to an end, if there is one."""
        return next((each for each in reversed(self.history()) if each.pending), None)

    def last_words(self) -> str:
        """The end of a sentence: what became of the last run, if there was one."""
        history = self.history()
        if not history:
            return "."
        last = history[-1]
        why = f": {last.said[-1]}" if last.said else ""
        return f"; the last run, {last.id}, is {last.phase}{why}."

    def forget_lock(self, id_: str) -> None:
        """Remove what the watchdog held."""
        self.watchdog_lock(id_).unlink(missing_ok=True)
