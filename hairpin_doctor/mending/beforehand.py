"""What is looked at before a run begins: whether there is anything to do, and whether it can be made lasting later."""

from __future__ import annotations

from collections.abc import Iterable

from hairpin_doctor.fixes.changes import Change
from hairpin_doctor.machine.changing.found import CannotChange, NoInterface
from hairpin_doctor.machine.changing.hands import Hands
from hairpin_doctor.mending.store import MendingRefused


def is_done(hands: Hands, changes: Iterable[Change]) -> bool:
    """Whether it is all so already. Raises CannotChange."""
    return all(_is_so(hands, change) for change in changes)


def _is_so(hands: Hands, change: Change) -> bool:
    try:
        return hands.find(change).so
    except NoInterface:
        return False  # one of the changes makes it


def refuse_uninstallable(hands: Hands, lasting: Iterable[Change]) -> None:
    """Raises MendingRefused where one of these files could not be installed once the run is confirmed."""
    try:
        for change in lasting:
            hands.find(change)
    except CannotChange as error:
        raise MendingRefused(str(error)) from None
