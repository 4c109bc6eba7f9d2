"""What every lab test shares: root, and no silent skip in CI."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hairpin_doctor.machine.commands import CommandFailed


def cannot(reason: str) -> None:
    """Skip, unless this is CI, where a skipped case hides a fault."""
    if os.environ.get("CI"):
        pytest.fail(f"a lab case may not be skipped in CI: {reason}")
    pytest.skip(reason)


@contextmanager
def buildable() -> Iterator[None]:
    """Only a missing root or a kernel that cannot (EOPNOTSUPP) excuses a case."""
    if os.geteuid() != 0:
        cannot("needs root")
    try:
        yield
    except CommandFailed as error:
        if os.strerror(errno.EOPNOTSUPP) not in str(error):
            raise
        cannot(str(error))


@pytest.fixture(autouse=True)
def _in_a_lab() -> Iterator[None]:
    with buildable():
        yield
