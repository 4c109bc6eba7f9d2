"""Waiting until daemons and bridges of a lab really serve: polled, with an end."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

from hairpin_doctor.lab.daemon import (
    DIRECTORY,
    Answering,
    BirdAnswers,
    BirdEstablished,
    BirdLearned,
    Readiness,
    ReadyLine,
)
from hairpin_doctor.lab.wire import dns_query
from hairpin_doctor.machine.commands import CommandFailed, Place, run
from hairpin_doctor.machine.daemons import Running
from hairpin_doctor.machine.namespaces import inside

PATIENCE = 15.0
INTERVAL = 0.01


class NotReady(RuntimeError):
    """Something did not become ready in time, or its process ended; the message holds its last words."""


def poll(what: str, ready: Callable[[], bool], failed: Callable[[], str | None] = lambda: None) -> None:
    """Ask `ready` until it says yes. Raises NotReady after PATIENCE seconds or when `failed` says why."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        reason = failed()
        if reason is None and time.monotonic() > deadline:
            reason = f"not within {PATIENCE:.0f} s"
        if reason is not None:
            raise NotReady(f"{what} did not become ready: {reason}")
        time.sleep(INTERVAL)


def daemon_ready(running: Running, name: str, readiness: Readiness, directory: Path) -> None:
    """Wait for one condition of one daemon."""

    def last_words() -> str | None:
        return running.log.read_text(errors="replace")[-500:] if running.ended() else None

    poll(f"{name} on {running.place.hostname}", lambda: holds(running, readiness, directory), last_words)


def holds(running: Running, readiness: Readiness, directory: Path) -> bool:
    """Whether the condition holds now."""
    match readiness:
        case ReadyLine(line=line):
            return line in running.log.read_text(errors="replace").splitlines()
        case Answering():
            return inside(running.place.namespace, lambda: _answers(readiness))
        case BirdAnswers(control=control):
            return _shown(control.replace(DIRECTORY, str(directory)), "status") is not None
        case BirdLearned(control=control, routes=routes):
            at = control.replace(DIRECTORY, str(directory))
            return all(f"{route}/" in (_shown(at, "route", "for", str(route)) or "") for route in routes)
        case BirdEstablished(control=control, protocol=protocol, routes=routes):
            at = control.replace(DIRECTORY, str(directory))
            if not _established(at, protocol):
                return False
            return set(map(str, routes)) <= _destinations({each.version for each in routes}, running.place)


def ports_forward(place: Place) -> bool:
    """Whether every port of every bridge in `place` that is up is in state forwarding."""
    ports = json.loads(run(["bridge", "-n", place.namespace, "-json", "link"]) or "[]")
    return all(port.get("state") == "forwarding" for port in ports if "UP" in port["flags"])


def _destinations(versions: set[int], place: Place) -> set[str]:
    """Where the kernel's routes in `place` lead, those of these versions of IP."""
    shown = "".join(run(["ip", "-n", place.namespace, f"-{version}", "route"]) for version in versions)
    return {line.split(" ")[0] for line in shown.splitlines()}


def _answers(wanted: Answering) -> bool:
    kind = socket.SOCK_DGRAM if wanted.protocol == "udp" else socket.SOCK_STREAM
    try:
        family = socket.AF_INET if wanted.address.version == 4 else socket.AF_INET6
        with socket.socket(family, kind) as client:
            client.settimeout(0.2)
            client.connect((str(wanted.address), wanted.port))
            if wanted.protocol == "udp":
                client.send(dns_query("localhost"))
                client.recv(512)
    except OSError:
        return False
    return True


def _established(control: str, protocol: str) -> bool:
    return "Established" in (_shown(control, "protocols", protocol) or "")


def _shown(control: str, *what: str) -> str | None:
    try:
        return run(["birdc", "-r", "-s", control, "show", *what])
    except CommandFailed:
        return None  # the control socket is not there yet
