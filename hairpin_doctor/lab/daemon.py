"""Processes of a lab machine as values: what to start, and how to tell that it is ready."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hairpin_doctor.lab.ip import Address

DIRECTORY = "{directory}"
"""Stands in `argv` and in files for the lab's own directory, known only when it is built."""


@dataclass(frozen=True)
class ReadyLine:
    """Ready once this line stands in its output."""

    line: str


@dataclass(frozen=True)
class Answering:
    """Ready once a DNS query (udp) or a connection (tcp) to this address from inside is answered."""

    address: Address
    port: int
    protocol: Literal["tcp", "udp"]


@dataclass(frozen=True)
class BirdEstablished:
    """Ready once this BIRD says Established for `protocol` and these prefixes are in the kernel's routes."""

    control: str
    protocol: str
    routes: tuple[Address, ...] = ()


@dataclass(frozen=True)
class BirdAnswers:
    """Ready once this BIRD answers at its control socket, whatever its sessions do."""

    control: str


@dataclass(frozen=True)
class BirdLearned:
    """Ready once this BIRD, which may be the other side's, knows these routes: seconds after Established, over IPv6."""

    control: str
    routes: tuple[Address, ...]


Readiness = ReadyLine | Answering | BirdAnswers | BirdEstablished | BirdLearned


@dataclass(frozen=True)
class Daemon:
    """A process that stays in the foreground. `files`: name in the lab's directory -> text."""

    name: str
    argv: tuple[str, ...]
    ready: tuple[Readiness, ...] = ()
    files: tuple[tuple[str, str], ...] = field(default=())
