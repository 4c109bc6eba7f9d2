"""The command line over a fake machine, and in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hairpin_doctor.cli.main import cli
from probes import questions as q
from probes.host import Absent, Question
from probes.questions.machine import Identity
from probes.questions.routing import Route
from probes.questions.traffic import DatagramOutcome, DnsAnswer, Handshake, HandshakeAnswer


class FakeMachine:
    """A client at which every attempt ends as `outcome` says; a test may set another one."""

    outcome = Handshake.OPEN
    broken: Exception | None = None

    def ask(self, question: Question[Any]) -> Any:
        if self.broken is not None:
            raise self.broken
        good = self.outcome is Handshake.OPEN
        match question:
            case q.MachineIdentity():
                return Identity("vm", "boot-vm", 1, "6.1.0", True)
            case q.Sysctl():
                return 0
            case q.Links():
                return ()
            case q.RouteTo():
                return Route("unicast", "eth0", None, IPv4Address("192.0.2.10"), 254)
            case q.Handshakes(destinations):
                return tuple(
                    HandshakeAnswer(end, self.outcome, 1.0 if good else None, None, None)
                    for end in destinations
                )
            case q.DnsExchanges(servers, transport):
                said = DatagramOutcome.ANSWERED if good else DatagramOutcome.SILENT
                return tuple(
                    DnsAnswer(
                        s,
                        transport,
                        said,
                        "NOERROR" if good else None,
                        False,
                        1.0 if good else None,
                        None,
                        None,
                    )
                    for s in servers
                )
        raise Absent(f"{type(question).__name__} is not here")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> type[FakeMachine]:
    """The fake machine instead of this one."""
    made = type("Machine", (FakeMachine,), {})
    monkeypatch.setattr("probes.linux.host.LinuxHost", made)
    return made


@pytest.fixture
def call(machine: type[FakeMachine], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`call("scan", "192.0.2.53:53")`; click's result carries the code that the command returned."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")

    def run(*arguments: str) -> Result:
        from hairpin_doctor.cli import main

        def inner() -> None:
            raise SystemExit(main.run(list(arguments)))

        import click

        wrapper = click.Command("outer", callback=inner)
        return CliRunner().invoke(wrapper, [])

    assert cli.name is not None
    return run


@pytest.fixture
def process() -> Callable[..., subprocess.CompletedProcess[str]]:
    """`process("--version")`: a real process, after an optional prefix command."""

    def run(
        *arguments: str, prefix: tuple[str, ...] = (), **environment: str
    ) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(each for each in sys.path if each)
        everything = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **environment}
        argv = [*prefix, sys.executable, "-m", "hairpin_doctor", *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, env=everything)

    return run
