"""Every answer of a scan, remembered: the evidence behind a report, and what replay and --with rest on.

Within one scan equal questions share one answer, so a recording is a map; a question that is asked at two moments
carries the moment. A host that replays a recording runs the same probes as a live one, so that a report judged again
later, elsewhere or by a newer version goes through the very same code.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hairpin_doctor.once import Once
from probes.host import Host, NotAsked, Question, Unanswered
from probes.probe import Scope

A = TypeVar("A")


@dataclass(frozen=True)
class Asked:
    """A question with what came of it: an answer, or the reason why there is none."""

    question: Question[Any]
    answer: Any = None
    unanswered: Unanswered | None = None


@dataclass(frozen=True)
class Recording:
    """One vantage point's scan: what it was about, when (ISO 8601, UTC) and what was asked and answered.

    `tool_version`: of the hairpin-doctor that looked, None where that is unknown. `redacted_by`: the fingerprint of the
    key that its names and addresses were replaced under, None where they are the real ones. `unknown`: questions of a
    newer version that could not be read.
    """

    vantage_point: str
    taken_at: str
    scope: Scope
    asked: tuple[Asked, ...] = field(repr=False)
    tool_version: str | None = None
    redacted_by: str | None = None
    unknown: tuple[str, ...] = ()


class RememberingHost:
    """Asks each question once, also when several probes ask it at the same time, and keeps what came of it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._answers: Once[Question[Any]] = Once()
        self._facts: Once[object] = Once()

    def ask(self, question: Question[A]) -> A:
        """The first asker asks the machine, the others wait for that answer."""
        return self._answers.get(question, lambda: self._host.ask(question))

    def keep(self, key: Hashable, work: Callable[[], A]) -> A:
        """What a probe found: equal answers give equal facts."""
        return self._facts.get(key, work)

    def asked(self) -> tuple[Asked, ...]:
        """Everything asked so far, in order of asking."""
        found = []
        for question, future in self._answers.finished():
            error = future.exception()
            if error is None:
                found.append(Asked(question, future.result()))
            elif isinstance(error, Unanswered):
                found.append(Asked(question, unanswered=error))
        return tuple(found)


class ReplayingHost:
    """A host behind which lies a recording."""

    def __init__(self, recording: Recording) -> None:
        self._known = {asked.question: asked for asked in recording.asked}
        self._kinds = {type(asked.question) for asked in recording.asked}
        self._unasked: dict[str, None] = {}
        self._facts: Once[object] = Once()

    @property
    def unasked(self) -> tuple[str, ...]:
        """The kinds of questions asked here so far of which the recording holds none."""
        return tuple(self._unasked)

    def ask(self, question: Question[A]) -> A:
        """The recorded answer; raises NotAsked for what was not asked then."""
        asked = self._known.get(question)
        if asked is None:
            if type(question) not in self._kinds:
                self._unasked[type(question).__name__] = None
            raise NotAsked(f"{type(question).__name__} was not asked when this report was made")
        if asked.unanswered is not None:
            raise asked.unanswered
        answer: A = asked.answer
        return answer

    def keep(self, key: Hashable, work: Callable[[], A]) -> A:
        """What a probe found: equal answers give equal facts."""
        return self._facts.get(key, work)
