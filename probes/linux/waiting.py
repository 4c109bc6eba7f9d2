"""Waiting for packets until a moment, on a machine that may have other work to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import repeat

LAST_LOOKS = 1000  # at a link that never falls silent somebody must stop


def waits(until: float) -> Iterator[float]:
    """How long to wait for the next packet, in seconds, while `until` (of time.monotonic) is ahead; then 0, time and again.

    A busy machine may not let us run before the time is up: what came in meanwhile lies in the socket, and only who looks
    without waiting until nothing is left may call it silence. The caller leaves the loop once nothing is there.
    """
    while (left := until - time.monotonic()) > 0:
        yield left
    yield from repeat(0.0, LAST_LOOKS)
