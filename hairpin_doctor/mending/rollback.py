"""Taking a run back: its undo, carried out as often as it takes; what is restored already is passed over."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from hairpin_doctor.fixes.changes import Change, ConfigFile, Manifest
from hairpin_doctor.fixes.changes.renamed import renamed
from hairpin_doctor.fixes.persistence.momentary import lasting_part
from hairpin_doctor.machine.changing.found import CannotChange, NoInterface
from hairpin_doctor.machine.changing.hands import Hands
from hairpin_doctor.machine.changing.kubectl import is_clusters
from hairpin_doctor.machine.changing.links import interfaces_here
from hairpin_doctor.machine.namespaces import this_namespace
from hairpin_doctor.machine.processes import is_running
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.store import MendingRefused, Store, Tell

TRIES, PAUSE_S = 3, 1.0


def why_take_back(checkpoint: Checkpoint, now: float, who: str = "the watchdog") -> str | None:
    """The reason why `who` watches has to take it back now, or None. `now`: CLOCK_MONOTONIC, as no other clock is used."""
    dead = checkpoint.of_another_boot or not is_running(checkpoint.doctor, checkpoint.doctor_started)
    late = now > checkpoint.deadline
    match checkpoint.phase:
        case "rollback-incomplete":
            return f"{who} tried again"
        case "applying" if dead:
            return f"the doctor died while it applied the changes: {who} took them back"
        case "applying" if late:
            return f"applying took too long: {who} took the changes back"
        case "installing" if dead:
            return _not_lasting("the doctor died while it installed the files")
        case "installing" if late:
            return _not_lasting("installing the files took too long")
        case "awaiting-confirmation" if late:
            return f"nobody confirmed in time: {who} took the changes back"
    return None


def why_at_an_end(checkpoint: Checkpoint) -> str | None:
    """The reason why a watchdog that has to end takes the run back first, or None where it has come to its end."""
    ended = "the watchdog was told to end (by a shutdown, or by kill)"
    if checkpoint.phase == "installing":
        return _not_lasting(ended)
    return f"{ended} before anybody confirmed: it took the changes back" if checkpoint.pending else None


def after_a_reboot(checkpoint: Checkpoint) -> str | None:
    """What a reboot did to the run, or None where there was none since, or it took nothing away."""
    if not checkpoint.of_another_boot:
        return None
    gone = "what it had set in this machine is gone with that"
    if checkpoint.phase in ("applying", "awaiting-confirmation"):
        return f"the machine was started anew before anybody confirmed it, and {gone}"
    if checkpoint.phase == "installing":
        return f"NOT made lasting: the machine was started anew meanwhile, and {gone}"
    if checkpoint.phase == "confirmed" and not checkpoint.installed and lasting_part(checkpoint.changes)[0]:
        return f"the machine was started anew since, and {gone}"
    return None


def _not_lasting(why: str) -> str:
    return f"NOT made lasting: {why}, and they were taken away; what was applied holds until the next reboot"


def take_back(store: Store, checkpoint: Checkpoint, hands: Hands, why: str, tell: Tell) -> Checkpoint:
    """What is open of a run: all of it, or once it was confirmed what was to make it last. The caller holds the mutex."""
    back = withdraw if checkpoint.phase == "installing" else restore
    return back(store, checkpoint, hands, why, tell)


def restore(store: Store, checkpoint: Checkpoint, hands: Hands, why: str, tell: Tell) -> Checkpoint:
    """Carry the undo out, files first, and write down how it ended. The caller holds the store's mutex.

    A disk that is full keeps nobody from restoring: then only the note is missing, and doing it again does nothing.
    """
    names = _renamed_since(checkpoint)
    undo = tuple(renamed(each, names) for each in _undo(checkpoint))
    for before, now in names.items():
        tell(f"{before} is called {now} now")
    left = _all_restored((*checkpoint.uninstall, *undo), hands, tell)
    said = (*checkpoint.said, why, *(f"NOT restored: {each}" for each in left))
    ended = replace(checkpoint, phase="rollback-incomplete" if left else "rolled-back", said=said)
    return _written(store, ended, why, tell)


def _undo(checkpoint: Checkpoint) -> tuple[Change, ...]:
    """After a reboot, what the cluster keeps: what stands in the kernel then was set by others, or by what we installed."""
    if checkpoint.of_another_boot and not checkpoint.installed:
        return tuple(each for each in checkpoint.undo if is_clusters(each))
    return checkpoint.undo


def _renamed_since(checkpoint: Checkpoint) -> dict[str, str]:
    """What interfaces were called -> what they are called now, of those that the undo speaks of and that were renamed."""
    if checkpoint.of_another_boot:
        return {}
    now = {index: name for name, index in interfaces_here().items()}
    spoken_of = {each.interface for each in checkpoint.undo} | {each.creates for each in checkpoint.changes}
    return {
        name: now[index]
        for name, index in checkpoint.interfaces.items()
        if name in spoken_of and now.get(index, name) != name
    }


def refuse_elsewhere(checkpoint: Checkpoint) -> None:
    """Raises MendingRefused in another network namespace than that of the run: nothing of it is to be found here."""
    if checkpoint.of_another_boot or checkpoint.namespace in ("", this_namespace()):
        return
    raise MendingRefused(
        f"run {checkpoint.id} was applied in another network namespace ({checkpoint.namespace}) of this machine: type this "
        "there (ip netns exec NAME ...). Nothing was taken back."
    )


def withdraw(store: Store, checkpoint: Checkpoint, hands: Hands, why: str, tell: Tell) -> Checkpoint:
    """Take away what was to make a kept run last; the run stays as it was confirmed. The caller holds the store's mutex."""
    left = _all_restored(checkpoint.uninstall, hands, tell)
    said = (*checkpoint.said, why, *(f"NOT taken away: {each}" for each in left))
    ended = replace(checkpoint, said=said)
    if not left:
        ended = replace(ended, phase="confirmed", lasting=(), installed=(), uninstall=())
    return _written(store, ended, why, tell)


def refuse_edited(checkpoint: Checkpoint, hands: Hands) -> None:
    """Raises MendingRefused where a file that was installed has been edited since: before anything is taken back."""
    for change in checkpoint.uninstall:
        try:
            hands.find(change)
        except CannotChange as error:
            raise MendingRefused(f"{error}. Nothing was taken back.") from None


def _written(store: Store, ended: Checkpoint, why: str, tell: Tell) -> Checkpoint:
    tell(why)
    try:
        store.write(ended)
    except OSError as error:
        tell(
            f"all is restored, but {store.directory} cannot be written ({error.strerror}): the run still shows as open"
        )
    return ended


def _all_restored(undo: Sequence[Change], hands: Hands, tell: Tell) -> list[str]:
    """What could not be restored although it was tried again, one sentence each."""
    left = _restored(undo, hands, tell)
    for _ in range(TRIES - 1):
        if not left:
            break
        time.sleep(PAUSE_S)
        left = _restored(undo, hands, tell)
    return left


def _restored(undo: Sequence[Change], hands: Hands, tell: Tell) -> list[str]:
    """One pass. An interface that is gone took along what was set on it."""
    failed: list[str] = []
    for change in undo:
        try:
            if not hands.find(change).so:
                hands.do(change)
                tell(f"restored: {shown(change)}")
        except NoInterface as gone:
            tell(f"nothing left to restore: {gone}")
        except CannotChange as error:
            failed.append(str(error))
        except Exception as error:  # noqa: BLE001 - whatever breaks, what comes after it is restored all the same
            failed.append(f"{shown(change)}: {type(error).__name__}: {error}")
    return failed


def shown(change: Change) -> str:
    """A change in one line, for people."""
    if isinstance(change, Manifest):
        return f"{change.of.resource} {change.of.name}"
    if isinstance(change, ConfigFile):
        return f"write {change.path}"
    return "; ".join(change.commands())
