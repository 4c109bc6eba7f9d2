"""A scan or judgement made fit for strangers: redacted, judged anew, and given out only if the verdict is the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hairpin_doctor.recording import Recording
from hairpin_doctor.redaction.key import Key
from hairpin_doctor.redaction.redact import redact
from hairpin_doctor.scan import Scanned, judge


class JudgedOtherwise(Exception):
    """Redaction took something away that a rule needs; the message is one sentence."""


def redacted(recordings: Iterable[Recording], key: Key) -> Scanned:
    """The judgement over the recordings with every name and address replaced. Raises JudgedOtherwise.

    The report rests on the redacted recordings alone, so that nothing of the real ones can be in it. Recordings that are
    redacted already stay as they are. No file is named in it: files are called after machines, and a scan takes no redacted
    report.
    """
    given = tuple(recordings)
    made = [redact(each, key) for each in given]
    real = [each for each in given if each.redacted_by is None]
    replaced = [each.recording for each, of in zip(made, given, strict=True) if of.redacted_by is None]
    scanned = judge(each.recording for each in made)
    alone = scanned if len(real) == len(given) else judge(replaced)
    before, after = _essence(judge(real)), _essence(alone)
    left_out = tuple(sentence for each in made for sentence in each.left_out)
    if before != after:
        why = f" ({'; '.join(left_out)})" if left_out else ""
        raise JudgedOtherwise(
            "redacted, this would be judged otherwise than it is, so it is not given out; please report this, "
            f"with the codes {_codes(before)} and {_codes(after)}{why}"
        )
    report = replace(scanned.report, notices=(*scanned.report.notices, *left_out))
    return replace(scanned, report=report)


Essence = tuple[str, tuple[str, ...], tuple[tuple[str, str, str, str | None], ...], tuple[str, ...]]


def _essence(scanned: Scanned) -> Essence:
    """What redaction must not change: verdicts, causes with their weight, and what stays open."""
    report = scanned.report
    return (
        report.verdict,
        tuple(sorted(each.verdict for each in report.vips)),
        tuple(
            sorted(
                (e.code, e.severity, e.confidence, e.explained_by)
                for e in (*report.diagnoses, *report.consequences)
            )
        ),
        tuple(sorted(each.code for each in report.undetermined)),
    )


def _codes(essence: Essence) -> str:
    return ", ".join((essence[0], *dict.fromkeys(each[0] for each in essence[2])))
