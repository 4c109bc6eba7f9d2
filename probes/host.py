"""The one seam between the doctor and a machine: `Host.ask(question) -> answer`.

Everything that looks goes through here, so a fake, a recording, a replay and "which right is missing" need no code in
any probe. Nothing below this seam judges, nothing above it opens a socket or a file of the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Answer_co = TypeVar("Answer_co", covariant=True)
A = TypeVar("A")
T = TypeVar("T")


@dataclass(frozen=True)
class Question(Generic[Answer_co]):
    """A question to a machine, a value: equal questions within one scan share one answer.

    Subclasses are frozen dataclasses that name their answer type: `class Sysctl(Question[int])`. A question that must be
    asked twice in one scan carries a `moment` field. Fields that only say how long to wait do not count for equality
    (`compare=False`): a report of a version with other patience still answers the question.
    """


class Unanswered(Exception):
    """The machine gave no answer to a question; the message is one sentence for people."""


class Denied(Unanswered):
    """A right is missing. `right` names it, e.g. "CAP_NET_RAW"."""

    def __init__(self, right: str, what: str) -> None:
        super().__init__(f"{what}: needs {right}")
        self.right, self.what = right, what


class Absent(Unanswered):
    """The machine has no such thing (tool, file, kernel feature, interface)."""


class NotAsked(Absent):
    """A recording holds no answer, since nobody asked then: unlike Absent, it says nothing about the machine."""


class Silent(Unanswered):
    """The machine was asked properly and did not answer in time."""


class Host(Protocol):
    """A machine, a recording of one, or a fake."""

    def ask(self, question: Question[A]) -> A:
        """Answer the question or raise Unanswered."""
        ...


def listed(host: Host, question: Question[tuple[T, ...]]) -> tuple[T, ...] | None:
    """A list that helps where it can be seen: () where there is no such kind, None where it may not or could not be seen."""
    try:
        return host.ask(question)
    except Absent:
        return ()
    except (Denied, Silent):
        return None
