"""The kernel's ring buffer by /dev/kmsg (Documentation/ABI/testing/dev-kmsg): read to its end, never waiting."""

from __future__ import annotations

import os
import time

from probes.questions.machine import KernelLog, LogLine

RECORD = 8192  # bytes; one record never exceeds this (PRINTKRB_RECORD_MAX)
RECORDS = 100_000


def kernel_log(question: KernelLog) -> tuple[LogLine, ...]:
    """Lines that contain the text, oldest first; the newest 200 at most.

    The third field of a record's head is its time in microseconds of the monotonic clock.
    """
    found: list[LogLine] = []
    now = time.monotonic()
    descriptor = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    try:
        for _ in range(RECORDS):
            try:
                record = os.read(descriptor, RECORD)
            except BlockingIOError:
                break
            except (
                BrokenPipeError
            ):  # overwritten while we read: the next read continues with the oldest record left
                continue
            head, _, text = record.decode("utf-8", "replace").partition(";")
            line = text.splitlines()
            ago = now - int(head.split(",")[2]) / 1_000_000
            if line and question.containing in line[0] and ago <= question.within_seconds:
                found.append(LogLine(round(ago, 3), line[0]))
    finally:
        os.close(descriptor)
    return tuple(found[-200:])
