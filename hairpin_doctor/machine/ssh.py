"""The system's ssh as a command: the user's configuration, agent and known hosts apply, and nothing is ever asked."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

ADDRESS = re.compile(
    r"ssh://(?:(?P<user>\w[\w.+-]*)@)?(?P<host>\w[\w.-]*|\[[0-9a-fA-F:.]+(?:%[\w.-]+)?\])(?::(?P<port>\d{1,5}))?/?",
    re.ASCII,
)
AGENT = "SSH_AUTH_SOCK"
CONNECT_S = 10
OPTIONS = (
    "BatchMode=yes",
    f"ConnectTimeout={CONNECT_S}",
    "ServerAliveInterval=5",  # a lost connection is noticed within 15 s
    "ServerAliveCountMax=3",
    "ControlMaster=no",  # an open one is used, but none is left behind
    "RemoteCommand=none",
    "PermitLocalCommand=no",
    "ClearAllForwardings=yes",
    "LogLevel=ERROR",  # no banner among the words
)


@dataclass(frozen=True)
class Destination:
    """Where to log in."""

    host: str
    user: str | None = None
    port: int | None = None

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ssh://{user}{host}{f':{self.port}' if self.port else ''}"

    @property
    def by_hand(self) -> str:
        """The command with which a person would log in."""
        return " ".join(("ssh", *self._arguments()))

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        """The local command that runs `argv` there, without a terminal, agent or display of ours."""
        options = (part for each in OPTIONS for part in ("-o", each))
        return ("ssh", "-T", "-x", "-a", *options, *self._arguments(), "--", shlex.join(argv))

    def _arguments(self) -> tuple[str, ...]:
        port = ("-p", str(self.port)) if self.port else ()
        return (*port, f"{self.user}@{self.host}" if self.user else self.host)


def parse_destination(text: str) -> Destination:
    """`ssh://[user@]host[:port]`. Raises ValueError in one sentence, which repeats no password."""
    form = "a machine to scan from is written ssh://[user@]host[:port]"
    if re.match(r"[^@]*:.*@", re.sub(r"^[A-Za-z+]+://", "", text), re.DOTALL):  # it may hold any character
        raise ValueError(f"{form}, without a password: ssh takes a key")
    found = ADDRESS.fullmatch(text)
    port = int(found["port"]) if found and found["port"] else None
    if found is None or (port is not None and not 0 < port < 65536):
        raise ValueError(f"{form}, and {text!r} is not")
    return Destination(found["host"].strip("[]"), found["user"], port)
