"""One exchange with a service, made by sockets of the namespace the calling thread is in."""

from __future__ import annotations

import errno
import select
import socket
import time
from collections.abc import Callable
from ipaddress import IPv4Address

from hairpin_doctor.lab import wire

CONNECT_TIMEOUT = 4.0
"""Longer than the 3 s after which the kernel gives up asking by ARP, so that silence is not EHOSTUNREACH."""
ANSWER_TIMEOUT = 1.5
ARP_LISTENING = 1.2
"""Proxy ARP delays its answers by up to 0.8 s (proxy_delay)."""
IP_RECVERR = 11
UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH)


def tcp(address: IPv4Address, port: int, size: int = 0) -> str:
    """Connect and wait for an answer to a request, filled up to `size` bytes. See checks.Tcp for the words."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.settimeout(CONNECT_TIMEOUT)
        try:
            client.connect((str(address), port))
        except OSError as error:
            return _word(error)
        client.settimeout(ANSWER_TIMEOUT)
        try:
            client.sendall(_request(port, size))
            return "served" if client.recv(512) else "stalled"
        except OSError as error:
            return "stalled" if isinstance(error, TimeoutError) else _word(error)


def _request(port: int, size: int) -> bytes:
    query = wire.dns_query("localhost")
    if port == 53:
        return len(query).to_bytes(2, "big") + query
    return b"GET / HTTP/1.0\r\nFiller: " + b"x" * size + b"\r\n\r\n"


def udp(address: IPv4Address, port: int, source_port: int = 0) -> str:
    """Ask a DNS server, repeating the query. IP_RECVERR, or the kernel keeps "no route to host" to itself.

    A connected socket gets what comes for it before a daemon's that shares the port (SO_REUSEADDR, udp4_lib_lookup2).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(("", source_port))
        client.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        client.connect((str(address), port))
        query = wire.dns_query("localhost")
        return _repeated(client, lambda _: query, "served", wire.dns_answers)


def dns(address: IPv4Address) -> str:
    """The first DNS answer to a query over UDP, by its flags. See checks.Dns for the words."""
    said: list[str] = []

    def right(data: bytes) -> bool:
        word = wire.dns_said(data)
        said.extend([word] if word else [])
        return bool(said)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        client.connect((str(address), 53))
        query = wire.dns_query("localhost")
        word = _repeated(client, lambda _: query, "served", right)
    return said[0] if said else word


def ping(address: IPv4Address) -> str:
    """Echo requests from a ping socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as client:
        client.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        client.connect((str(address), 0))
        return _repeated(
            client, wire.echo_request, "reply", lambda data: data[:1] == bytes([wire.ECHO_REPLY])
        )


def _repeated(
    client: socket.socket, request: Callable[[int], bytes], good: str, right: Callable[[bytes], bool]
) -> str:
    """Send a request each second until a right answer, an error or CONNECT_TIMEOUT."""
    client.settimeout(1.0)
    deadline, sequence = time.monotonic() + CONNECT_TIMEOUT, 0
    while time.monotonic() < deadline:
        sequence += 1
        try:
            client.send(request(sequence))
            if right(client.recv(1024)):
                return good
        except TimeoutError:
            continue
        except OSError as error:
            if error.errno != errno.EREMOTEIO:  # a redirect: a hint, not an answer
                return _word(error)
    return "silent"


def _word(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "silent"
    if isinstance(error, ConnectionError):
        return "refused"
    if error.errno in UNREACHABLE:
        return "unreachable"
    if error.errno == errno.EPERM:  # the machine's own packet filter
        return "forbidden"
    raise error


def arp(interface: str, own: IPv4Address, wanted: IPv4Address) -> set[str]:
    """Every MAC that answers for `wanted`, asked once by broadcast with `own` as the sender's address."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(wire.ETH_P_ARP)) as listener:
        listener.bind((interface, wire.ETH_P_ARP))
        mac = bytes(listener.getsockname()[4])
        request = wire.arp_request(mac, own.packed, wanted.packed)
        frames = _frames(listener, ARP_LISTENING, lambda: listener.send(request))
        answers = (wire.arp_answerer(frame, wanted.packed) for frame, _ in frames)
        return {answer for answer in answers if answer is not None}


def overheard(interface: str, vip: IPv4Address, talk: Callable[[], None]) -> int:
    """How many IPv4 frames to `vip`, none of our own, arrive at `interface` while others `talk`."""
    every_protocol = 0x0003
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(every_protocol)) as listener:
        listener.bind((interface, every_protocol))
        frames = _frames(listener, 0.3, talk)
        return sum(
            1
            for frame, kind in frames
            if kind != socket.PACKET_OUTGOING and frame[12:14] == b"\x08\x00" and frame[30:34] == vip.packed
        )


def _frames(listener: socket.socket, seconds: float, start: Callable[[], object]) -> list[tuple[bytes, int]]:
    """(frame, packet type) of what arrives for `seconds` after `start` has returned."""
    start()
    deadline, frames = time.monotonic() + seconds, []
    while (left := deadline - time.monotonic()) > 0:
        if select.select([listener], [], [], left)[0]:
            frame, sender = listener.recvfrom(2048)
            frames.append((frame, sender[2]))
    return frames
