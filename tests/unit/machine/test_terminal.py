"""What a person types, and when."""

from __future__ import annotations

import os
import pty
import sys

import pytest

from hairpin_doctor.machine.terminal import forget_typed, typed_within


def test_what_was_typed_before_the_question_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    person, terminal = pty.openpty()
    with os.fdopen(terminal) as stdin, os.fdopen(person, "wb", buffering=0) as keys:
        monkeypatch.setattr(sys, "stdin", stdin)
        keys.write(b"yes\n")
        assert typed_within(1) == "yes"
        keys.write(b"yes\n")
        forget_typed()
        assert typed_within(0.1) is None
