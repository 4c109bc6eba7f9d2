"""A packet socket that captures the frames of one local TCP port, in both directions, by classic BPF."""

from __future__ import annotations

import ctypes
import ipaddress
import socket
import struct
from collections.abc import Iterator

from probes.questions.traffic import Endpoint, TcpFrame

ETH_P_ALL, SO_ATTACH_FILTER, PACKET_OUTGOING = 0x0003, 26, 4
KEEP, DROP = 0xFFFF, 0
FLAGS = ((0x02, "SYN"), (0x10, "ACK"), (0x01, "FIN"), (0x04, "RST"))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _tcp_port_filter(port: int, *, ipv6: bool) -> bytes:
    """Classic BPF (linux/filter.h): TCP, not a fragment, source or destination port equal."""
    program = _over_ipv6(port) if ipv6 else _over_ipv4(port)
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)


def _over_ipv6(port: int) -> list[tuple[int, int, int, int]]:
    return [
        (0x28, 0, 0, 12),  # ldh [12]            EtherType
        (0x15, 0, 6, 0x86DD),  # jeq IPv6
        (0x30, 0, 0, 20),  # ldb [20]            next header
        (0x15, 0, 4, socket.IPPROTO_TCP),
        (0x28, 0, 0, 54),  # ldh [54]            source port
        (0x15, 3, 0, port),
        (0x28, 0, 0, 56),  # ldh [56]            destination port
        (0x15, 1, 0, port),
        (0x06, 0, 0, DROP),
        (0x06, 0, 0, KEEP),
    ]


def _over_ipv4(port: int) -> list[tuple[int, int, int, int]]:
    return [
        (0x28, 0, 0, 12),  # ldh [12]            EtherType
        (0x15, 0, 9, 0x0800),  # jeq IPv4
        (0x30, 0, 0, 23),  # ldb [23]            protocol
        (0x15, 0, 7, socket.IPPROTO_TCP),
        (0x28, 0, 0, 20),  # ldh [20]            fragment offset
        (0x45, 5, 0, 0x1FFF),  # jset
        (0xB1, 0, 0, 14),  # ldxb 4*([14]&0xf)   header length
        (0x48, 0, 0, 14),  # ldh [x+14]          source port
        (0x15, 3, 0, port),
        (0x48, 0, 0, 16),  # ldh [x+16]          destination port
        (0x15, 1, 0, port),
        (0x06, 0, 0, DROP),
        (0x06, 0, 0, KEEP),
    ]


def attach_filter(packets: socket.socket, code: bytes) -> None:
    """From now on the socket gets only frames that this classic BPF program keeps."""
    buffer = ctypes.create_string_buffer(code)
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    packets.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, bytes(program))


def open_capture(port: int, *, ipv6: bool = False) -> socket.socket:
    """Start to capture the port's packets on all interfaces; raises PermissionError without CAP_NET_RAW.

    A socket that is bound to no interface receives from its first moment; what slipped in before the filter was
    attached is thrown away (packet(7)).
    """
    capture = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    attach_filter(capture, _tcp_port_filter(port, ipv6=ipv6))
    capture.setblocking(False)
    for _ in captured_frames(capture):
        continue
    return capture


def captured_frames(capture: socket.socket) -> Iterator[TcpFrame]:
    """What was captured so far, oldest first, frames of Ethernet-like interfaces only."""
    while True:
        try:
            frame, origin = capture.recvfrom(128)
        except BlockingIOError:
            return
        if len(frame) >= 54 and origin[3] == 1:  # ARPHRD_ETHER
            yield _frame(frame, outgoing=origin[2] == PACKET_OUTGOING)


def _frame(frame: bytes, *, outgoing: bool) -> TcpFrame:
    ipv6 = frame[14] >> 4 == 6
    header = 54 if ipv6 else 14 + (frame[14] & 0x0F) * 4
    source = frame[22:38] if ipv6 else frame[26:30]
    flags = frame[header + 13] if len(frame) > header + 13 else 0
    return TcpFrame(
        outgoing=outgoing,
        source_mac=frame[6:12].hex(":"),
        destination_mac=frame[0:6].hex(":"),
        source=Endpoint(ipaddress.ip_address(source), int.from_bytes(frame[header : header + 2])),
        flags="-".join(name for bit, name in FLAGS if flags & bit),
    )
