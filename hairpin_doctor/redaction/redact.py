"""A recording that can be shown to strangers, and what had to be left out of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hairpin_doctor.recording import Asked, Recording
from hairpin_doctor.redaction.addresses import CannotRedact
from hairpin_doctor.redaction.answers import redact_asked
from hairpin_doctor.redaction.key import Key
from hairpin_doctor.redaction.text import Redactor
from probes.probe import Scope
from probes.target import Target


@dataclass(frozen=True)
class Redacted:
    """The recording, and a sentence for each answer that could not be redacted and is not in it."""

    recording: Recording
    left_out: tuple[str, ...]


def redact(recording: Recording, key: Key) -> Redacted:
    """The recording with every name and address replaced. One that is redacted already stays as it is."""
    if recording.redacted_by is not None:
        return Redacted(recording, ())
    redactor = Redactor(key)
    name = redactor.text(recording.vantage_point)
    kept: list[Asked] = []
    said: dict[str, None] = {}
    for asked in recording.asked:
        try:
            kept.append(redact_asked(asked, redactor))
        except CannotRedact as why:
            said[f"Left out by redaction on {name}: {type(asked.question).__name__} ({why})"] = None
    found = replace(
        recording,
        vantage_point=name,
        scope=_scope(recording.scope, redactor),
        asked=tuple(kept),
        redacted_by=key.fingerprint,
    )
    return Redacted(found, tuple(said))


def _scope(scope: Scope, redactor: Redactor) -> Scope:
    replaced = redactor.addresses.address
    targets = (Target(replaced(each.vip), each.port, each.protocol) for each in scope.targets)
    return replace(scope, targets=tuple(targets), clients=tuple(map(replaced, scope.clients)))
