"""The paths of recorded lab cases."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from hairpin_doctor.report.codec import decode_recording
from hairpin_doctor.report.files import parse
from hairpin_doctor.report.service_path import ServicePath
from hairpin_doctor.scan import judge

RECORDINGS = Path(__file__).parents[2] / "golden" / "recordings"


@pytest.fixture
def path_of() -> Callable[..., ServicePath]:
    """`path_of("healthy", "client")`: the first path of a recorded case, from client, host or both."""

    def make(case: str, vantage: str = "both") -> ServicePath:
        report = parse(gzip.decompress((RECORDINGS / f"{case}.json.gz").read_bytes()))
        found = [decode_recording(each) for each in report["recordings"]]
        chosen = {"client": found[-1:], "host": found[:1], "both": found}[vantage]
        return judge(chosen).report.paths[0]

    return make
