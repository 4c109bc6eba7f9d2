"""Prometheus' text format: what is read, and what is left out."""

from __future__ import annotations

import time

import pytest

from probes.linux.prometheus_text import LONGEST_LINE, MOST, Sample, samples


def test_the_samples_of_the_wanted_metrics_are_read_with_their_labels() -> None:
    text = '# TYPE up gauge\nup{a="x",b="y\\"z\\\\\\n",} 1\nup 2.5e1 1700000000000\nother 3\n'
    assert list(samples(text, {"up"})) == [
        Sample("up", {"a": "x", "b": 'y"z\\\n'}, 1.0),
        Sample("up", {}, 25.0),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "up",
        "up NaN",
        "up +Inf",
        "up 1e999",
        "up{a=b} 1",
        'up{a="b} 1',
        'up{="b"} 1',
        "up{" + "a" * LONGEST_LINE + "} 1",
        "up 1 2 3",
    ],
)
def test_what_is_no_sample_is_left_out(line: str) -> None:
    assert list(samples(f"{line}\nup 7\n", {"up"})) == [Sample("up", {}, 7.0)]


def test_no_text_takes_long_and_too_many_samples_end() -> None:
    start = time.monotonic()
    bait = "up{" + 'a="' * 600 + "} 1\n"
    assert list(samples(bait * 2000, {"up"})) == []
    assert sum(1 for _ in samples("up 1\n" * (MOST + 5), {"up"})) == MOST
    assert time.monotonic() - start < 3
