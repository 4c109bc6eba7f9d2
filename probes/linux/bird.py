"""BIRD's own word, by its control socket, in its restricted mode: commands that only show (BIRD's manual, remote control).

A reply is lines; each starts with a four-digit code, or with a space where the code is that of the line before. A code
that begins with 0, 8 or 9 and is followed by a space ends the reply.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator

from probes.host import Absent, Denied
from probes.linux.procfs import NET
from probes.questions.bgp import BgpDaemonState, BgpSession
from probes.target import Address

UNIX_SOCKETS = NET / "unix"
LISTENING = "00010000"  # __SO_ACCEPTCON, the flags of a socket that accepts connections
CONTROL = re.compile(r"/[^\0]*bird[^\0/]*\.ctl")
END = re.compile(rb"(?m)^[089]\d{3} .*\n")
PROTOCOL = re.compile(r"^(?:1002-)?(\S+)\s+BGP\s", re.MULTILINE)
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|'[\w.:-]+'")
LONGEST_REPLY = 4 << 20
SECONDS = 2.0


def bgp_daemon_state(question: BgpDaemonState) -> tuple[BgpSession, ...]:
    """The sessions of every BIRD of this network namespace; raises Absent where none runs, Denied where it is closed."""
    paths = _control_sockets()
    if not paths:
        raise Absent("no BIRD listens on a control socket here")
    found: list[BgpSession] = []
    for path in paths:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(SECONDS)
            try:
                channel.connect(path)
            except PermissionError as error:
                raise Denied("root", f"{path}: {error}") from None
            _reply(channel)
            found += _sessions(channel, question.vips)
    return tuple(found)


def _control_sockets() -> list[str]:
    """Paths of listening sockets that are named as BIRD's are; the kernel lists those of this network namespace."""
    rows = (line.split(maxsplit=7) for line in UNIX_SOCKETS.read_text(errors="replace").splitlines()[1:])
    named = (row[7] for row in rows if len(row) == 8 and row[3] == LISTENING)
    return sorted({path for path in named if CONTROL.fullmatch(path)})


def _sessions(channel: socket.socket, vips: tuple[Address, ...]) -> Iterator[BgpSession]:
    _ask(channel, "restrict")
    text = _ask(channel, "show protocols all")
    heads = [*PROTOCOL.finditer(text)]
    for head in heads:
        name, details = head[1], _details(text[head.end() :])
        if not NAME.fullmatch(name) or "BGP state" not in details:
            continue
        established = details["BGP state"] == "Established"
        yield BgpSession(
            daemon="BIRD",
            name=name,
            peer=_address(details.get("Neighbor address", "")),
            is_established=established,
            state=details["BGP state"],
            last_error=details.get("Last error"),
            advertised=tuple(vip for vip in vips if _exports(channel, name, vip)) if established else (),
        )


def _details(text: str) -> dict[str, str]:
    """The lines "Key: value" up to the next protocol."""
    own = text.partition("\n1002-")[0]
    pairs = (line.removeprefix("1006-").partition(":") for line in own.splitlines())
    return {key.strip(): value.strip() for key, _, value in reversed([*pairs])}


def _exports(channel: socket.socket, name: str, vip: Address) -> bool:
    """Whether a route that holds the VIP, other than a default route, goes out to this peer."""
    shown = _ask(channel, f"show route for {vip} export {name}")
    prefixes = re.findall(r"(?m)^(?:1007-)?\s?([0-9a-fA-F.:]+/\d+)\s", shown)
    return any(not prefix.endswith("/0") for prefix in prefixes)


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _ask(channel: socket.socket, command: str) -> str:
    channel.sendall(f"{command}\n".encode())
    return _reply(channel)


def _reply(channel: socket.socket) -> str:
    data = b""
    while not END.search(data) and len(data) < LONGEST_REPLY:
        more = channel.recv(65536)
        if not more:
            break
        data += more
    return data.decode(errors="replace")
