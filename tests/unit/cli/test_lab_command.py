"""`hairpin-doctor lab`: what it says of a lab that it left running; building one is for tests/lab."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from hairpin_doctor.cli import lab as command


def test_up_names_the_machine_that_the_case_looks_from_also_where_there_is_no_vm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = SimpleNamespace(
        hostnames={"host": "n5", "remote": "phone"}, namespaces={"host": "hd-1-host", "remote": "hd-1-remote"}
    )

    @contextmanager
    def lab() -> Iterator[Any]:
        yield SimpleNamespace(state=state, tag="1", keep=lambda: None)

    setting = SimpleNamespace(case=SimpleNamespace(client="remote"), lab=lab)
    monkeypatch.setattr(command, "build_setting", lambda *_: setting)
    result = CliRunner().invoke(command.lab, ["up", "bgp-session-down"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "lab shell bgp-session-down phone" in result.output
