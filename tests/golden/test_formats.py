"""Every format of some recorded reports, as committed: `pytest tests/golden/test_formats.py --snapshots` writes them anew.

Times and dates are masked, since every new recording has its own.
"""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import pytest

from hairpin_doctor.recording import Asked, Recording
from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.files import parse, to_json
from hairpin_doctor.report.html import to_html
from hairpin_doctor.report.markdown import to_markdown
from hairpin_doctor.report.page import Look, Page
from hairpin_doctor.report.report import Report
from hairpin_doctor.report.short import show_short
from hairpin_doctor.report.terminal import show
from hairpin_doctor.scan import judge
from hairpin_doctor.walkthrough.layout import frame
from hairpin_doctor.walkthrough.state import Screen, Walk
from probes.host import Denied
from probes.linux.rights import RIGHTS
from probes.questions.neighbours import KernelResolution, Neighbours

HERE = Path(__file__).parent
VARIES = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\+00:00)?)?"), "DATE"),
    (re.compile(r"\d+(\.\d+)? ms"), "TIME ms"),
    (re.compile(r'(_ms": )[\d.]+'), r"\1TIME"),
    (re.compile(r"\d+( other)? causes"), r"N\1 causes"),
    (re.compile(r"\b\d+\.\d+\.\d+[-+][\w.+-]+"), "KERNEL"),
)


@dataclass(frozen=True)
class Sample:
    """A recorded case as seen from some of its vantage points: positions in the recording, host first."""

    case: str
    seen_from: tuple[int, ...]
    verdict: str
    root: bool = True


SAMPLES = {
    "healthy": Sample("healthy", (0, -1), "healthy"),
    "HD601": Sample("bgp-same-subnet", (0, -1), "diagnosed"),
    "HD301": Sample("vip-on-port-mac", (0, -1), "diagnosed"),
    "HD304": Sample("hairpin-off-on-port", (0, -1), "diagnosed"),
    "unexplained": Sample("unknown-switch-drop", (0, -1), "unexplained"),
    "undetermined": Sample("bgp-same-subnet", (0,), "undetermined"),
    "no-root": Sample("vip-on-port-mac", (-1,), "undetermined", root=False),
}


def without_root(recording: Recording) -> Recording:
    """The same scan as a user without any right would have made it."""

    def refused(asked: Asked) -> Asked:
        right = RIGHTS.get(type(asked.question))
        kind = type(asked.question).__name__
        return replace(asked, answer=None, unanswered=Denied(right, kind)) if right else asked

    known = next(each.answer for each in recording.asked if isinstance(each.question, Neighbours))
    resolved = Asked(KernelResolution(recording.scope.vips, 0), known)
    return replace(recording, asked=(*map(refused, recording.asked), resolved))


def report_of(sample: Sample) -> Report:
    file = gzip.decompress((HERE / "recordings" / f"{sample.case}.json.gz").read_bytes())
    found = [decode_recording(each) for each in parse(file)["recordings"]]
    chosen = [found[position] for position in sample.seen_from]
    return judge(chosen if sample.root else [without_root(each) for each in chosen]).report


def beginnings(report: Report) -> Report:
    """Of the long lists only the first lines, so that a new probe or cause changes no file here."""
    return replace(
        report, cleared=report.cleared[:3], undetermined=report.undetermined[:3], probes=report.probes[:3]
    )


def printed(show_it: Callable[[Report, Page], None]) -> Callable[[Report], str]:
    def text(report: Report) -> str:
        stream = io.StringIO()
        show_it(report, Page(stream, Look(unicode=True, colour=False, width=80)))
        return stream.getvalue()

    return text


def walked(report: Report) -> str:
    """Every screen of a walk through it, at 80x24, one below the other; without the empty lines that fill them."""
    walk = Walk("a saved report", "answer", report=report, cannot_apply="it is a report", seconds_left=60)
    shown = (
        frame(walk.to(screen), Look(unicode=True, colour=False, width=80), 24) for screen in get_args(Screen)
    )
    return "\n\n".join(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) for lines in shown) + "\n"


FORMATS: Mapping[str, Callable[[Report], str]] = {
    "short.txt": printed(show_short),
    "table.txt": printed(show),
    "json": to_json,
    "markdown.md": to_markdown,
    "html": to_html,
    "walk.txt": walked,
}


def masked(text: str) -> str:
    for pattern, word in VARIES:
        text = pattern.sub(word, text)
    return text


@pytest.fixture(scope="module", params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> tuple[str, Report]:
    name = request.param
    return name, report_of(SAMPLES[name])


@pytest.mark.parametrize("form", FORMATS)
def test_a_recorded_report_is_told_as_committed(
    sample: tuple[str, Report], form: str, request: pytest.FixtureRequest
) -> None:
    name, report = sample
    file = HERE / "formats" / f"{name}.{form}"
    text = masked(FORMATS[form](beginnings(report)))
    if request.config.getoption("--snapshots"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_tells_the_same_verdict(sample: tuple[str, Report], form: str) -> None:
    name, report = sample
    assert report.verdict == SAMPLES[name].verdict
    assert report.verdict in FORMATS[form](report)


@pytest.mark.parametrize("form", ["short.txt", "table.txt", "markdown.md", "html"])
def test_every_cause_found_is_named_in_every_format(sample: tuple[str, Report], form: str) -> None:
    _, report = sample
    text = FORMATS[form](report)
    assert [each.code for each in report.of_severity("broken", "latent") if each.code not in text] == []
