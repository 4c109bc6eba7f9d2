"""Answers about other programs' sockets: /proc/net/packet, /proc/net/tcp and tcp6 (proc(5), net/packet/af_packet.c)."""

from __future__ import annotations

import ipaddress
import re
import struct
from pathlib import Path

from probes.linux.procfs import NET
from probes.questions.sockets import PacketSocket, PacketSockets, TcpConnection, TcpConnections
from probes.questions.traffic import Endpoint

# include/net/tcp_states.h
STATES = {
    1: "ESTABLISHED",
    2: "SYN_SENT",
    3: "SYN_RECV",
    4: "FIN_WAIT1",
    5: "FIN_WAIT2",
    6: "TIME_WAIT",
    7: "CLOSE",
    8: "CLOSE_WAIT",
    9: "LAST_ACK",
    10: "LISTEN",
    11: "CLOSING",
    12: "NEW_SYN_RECV",
}


def packet_sockets(_: PacketSockets) -> tuple[PacketSocket, ...]:
    """Columns: sk RefCnt Type Proto Iface R Rmem User Inode; the process is found by the socket's inode.

    Our own sockets are left out: another probe may be asking by ARP at this very moment.
    """
    own = _socket_inodes(Path("/proc/self"))
    table = [line.split() for line in (NET / "packet").read_text().splitlines()[1:]]
    own |= _socket_inodes(Path("/proc/self"))  # one may have been opened while the table was read
    rows = [row for row in table if row[8] not in own]
    owners = _processes_by_inode({row[8] for row in rows})
    return tuple(PacketSocket(int(row[3], 16), int(row[4]), owners.get(row[8])) for row in rows)


def _processes_by_inode(wanted: set[str]) -> dict[str, str]:
    """Process names of the sockets, as far as we may look: other users' descriptors need CAP_SYS_PTRACE."""
    found: dict[str, str] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            for inode in _socket_inodes(process) & wanted:
                found[inode] = (process / "comm").read_text().strip()
        except (PermissionError, FileNotFoundError, ProcessLookupError):
            continue  # not ours to see, or ended meanwhile: the name stays unknown
    return found


def _socket_inodes(process: Path) -> set[str]:
    """Inodes of the sockets that a process holds. Raises PermissionError where it is not ours to see."""
    found: set[str] = set()
    for descriptor in (process / "fd").iterdir():
        try:
            match = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
        if match:
            found.add(match[1])
    return found


def tcp_connections(question: TcpConnections) -> tuple[TcpConnection, ...]:
    """Connections with the port at either end."""
    found: list[TcpConnection] = []
    for name in ("tcp", "tcp6"):
        table = NET / name
        for line in table.read_text().splitlines()[1:] if table.exists() else []:
            columns = line.split()
            local, remote = _endpoint(columns[1]), _endpoint(columns[2])
            if question.port in (local.port, remote.port):
                found.append(TcpConnection(local, remote, STATES.get(int(columns[3], 16), columns[3])))
    return tuple(found)


def _endpoint(text: str) -> Endpoint:
    """Each 32-bit word of the address is printed in host byte order."""
    address_hex, _, port_hex = text.partition(":")
    words = [int(address_hex[i : i + 8], 16) for i in range(0, len(address_hex), 8)]
    address = ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return Endpoint(address.ipv4_mapped, int(port_hex, 16))
    return Endpoint(address, int(port_hex, 16))
