"""The paths of recorded lab cases."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.files import parse
from hairpin_doctor.report.service_path import ServicePath
from hairpin_doctor.scan import Scanned, judge

RECORDINGS = Path(__file__).parents[2] / "golden" / "recordings"


@pytest.fixture
def judged() -> Callable[..., Scanned]:
    """`judged("healthy", "client")`: a recorded case, from client, host or both."""

    def make(case: str, vantage: str = "both") -> Scanned:
        report = parse(gzip.decompress((RECORDINGS / f"{case}.json.gz").read_bytes()))
        found = [decode_recording(each) for each in report["recordings"]]
        return judge({"client": found[-1:], "host": found[:1], "both": found}[vantage])

    return make


@pytest.fixture
def path_of(judged: Callable[..., Scanned]) -> Callable[..., ServicePath]:
    """The same, and of it the first path."""
    return lambda *wanted: judged(*wanted).report.paths[0]
