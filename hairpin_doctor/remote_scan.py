"""A scan on another machine over ssh: the archive goes there by standard input, the report comes back, nothing stays.

What comes back was made by somebody else's machine: it is read as the file of a stranger is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from hairpin_doctor.archive import OLDEST, NoArchive, archive
from hairpin_doctor.machine.bounded_process import CannotRun, Conversation, Ended
from hairpin_doctor.machine.invoker import invoker
from hairpin_doctor.machine.ssh import AGENT, Destination
from hairpin_doctor.machine.ssh_words import meaning
from hairpin_doctor.recording import Recording
from hairpin_doctor.remote_program import MARK, NO_ROOM, NO_SUDO, PROGRAM, SAYS, TOO_OLD
from hairpin_doctor.report.files import BadReport, recordings_in
from probes.questions.machine import Identity
from probes.target import Address, Target

STALL_S = 60.0  # to log in, and between two parts of the program that are taken
LONGEST_S, LONGEST_ATTEMPTS = 180.0, 15  # a scan waits less than so many times for one attempt
GRACE_S = 10.0  # the other side ends it first, and says so
PYTHON = (
    "python3",
    "-I",
    "-S",
    "-B",
    "-c",
)  # nothing of the other machine is imported, and no .pyc file written there
OF_A_SCAN = range(5)  # with any other, what it wrote is cut off
OF_SSH, NO_COMMAND = 255, 127  # ssh(1); POSIX shells


class RemoteFailed(RuntimeError):
    """A machine could not be scanned over ssh; the message is one sentence that names it."""


@dataclass(frozen=True)
class Errand:
    """What is to be looked at there. `options`: further ones of `scan`; `sudo`: as root, if that takes no password."""

    targets: tuple[Target, ...]
    timeout_s: float
    options: tuple[str, ...] = ()
    sudo: bool = False

    @property
    def longest_s(self) -> float:
        """No scan takes longer."""
        return LONGEST_S + LONGEST_ATTEMPTS * self.timeout_s


@dataclass(frozen=True)
class Remote:
    """What came back. `root`: whether it was seen with a root's eyes; None where that is unknown."""

    recordings: tuple[Recording, ...]
    root: bool | None


def scan_there(
    where: Destination, errand: Errand, hold: Callable[[Destination, Errand], Ended] | None = None
) -> Remote:
    """Scan there. Raises RemoteFailed. `hold` carries it out instead of ssh, for tests."""
    try:
        ended = (hold or _by_ssh)(where, errand)
    except (CannotRun, NoArchive) as error:
        raise RemoteFailed(f"{where}: {error}") from None
    words = [line.strip() for line in ended.words.splitlines() if line.strip()]
    if not ended.begun:
        raise RemoteFailed(f"{where}: {_why_not(where, ended, words)}")
    if ended.code not in OF_A_SCAN or not ended.output.strip():
        raise RemoteFailed(f"{where}: {_why_nothing(where, ended.code, words)}")
    try:
        recordings = recordings_in(ended.output)
    except BadReport as error:
        raise RemoteFailed(f"{where}: what came back is no report: {error}") from None
    _refuse_others(where, {each.vip for each in errand.targets}, recordings)
    return Remote(recordings, _root(recordings))


def _by_ssh(where: Destination, errand: Errand) -> Ended:
    content = _program()
    how = (str(len(content)), f"{errand.longest_s:g}", "sudo" if errand.sudo else "as-it-is")
    scan = ("scan", "-o", "json", "--timeout", f"{errand.timeout_s:g}", *errand.options)
    command = where.command((*PYTHON, PROGRAM, *how, *scan, "--", *map(str, errand.targets)))
    conversation = Conversation(content, MARK, STALL_S, errand.longest_s + GRACE_S)
    user = invoker()
    environment = user.environment(os.environ) if user else os.environ
    return conversation.hold(command, {**environment, "LC_ALL": "C"}, user)


@cache
def _program() -> bytes:
    """Made once for all machines."""
    return archive()


def _why_not(where: Destination, ended: Ended, words: Sequence[str]) -> str:
    """Why the program did not even begin."""
    oldest = ".".join(map(str, OLDEST))
    wrote = [line.strip() for line in ended.noise.splitlines() if line.strip()]
    said = next((line.removeprefix(SAYS) for line in wrote if line.startswith(SAYS)), "")
    if said.startswith(TOO_OLD):
        return f"Python there is {said.removeprefix(TOO_OLD)}, and the scan needs {oldest} or newer"
    if said.startswith(NO_SUDO):
        return "there is no sudo there; log in as root, or leave out --sudo"
    if said.startswith(NO_ROOM):
        return f"the program cannot be kept in memory there: {said.removeprefix(NO_ROOM)}"
    if ended.code == OF_SSH:
        return meaning(words, where, agent_lost=invoker() is not None and AGENT not in os.environ)
    if any(line.startswith("sudo: ") for line in words):
        return f"sudo there refuses without a password; log in as root, or leave out --sudo ({words[-1]})"
    if ended.code == NO_COMMAND:
        return f"there is no python3 there; the scan needs Python {oldest} or newer"
    last = (words or wrote or ["without a word"])[-1]
    return f"no program can be started there (exit code {ended.code}): {last}"


def _why_nothing(where: Destination, code: int, words: Sequence[str]) -> str:
    """Why the program began and brought no report, or half of one."""
    if code == OF_SSH:
        return meaning(words, where)
    last = words[-1].removeprefix("Error: ") if words else "without a word"
    return f"the scan there ended (exit code {code}): {last}"


def _refuse_others(where: Destination, asked: set[Address], recordings: Sequence[Recording]) -> None:
    """What it names would be looked for from here too: not at a stranger's bidding."""
    named = {target.vip for each in recordings for target in each.scope.targets}
    if asked and not named <= asked:
        others = ", ".join(map(str, sorted(named - asked, key=str)[:3]))
        raise RemoteFailed(f"{where}: its report is about {others}, which nobody asked it for")


def _root(recordings: Sequence[Recording]) -> bool | None:
    identities = (
        each.answer for one in recordings for each in one.asked if isinstance(each.answer, Identity)
    )
    return next((each.root for each in identities), None)
