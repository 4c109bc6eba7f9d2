"""One exchange with a service, made by sockets of the namespace the calling thread is in."""

from __future__ import annotations

import errno
import select
import socket
import time
from collections.abc import Callable
from functools import partial

from hairpin_doctor.lab import wire
from hairpin_doctor.lab.ip import Address

CONNECT_TIMEOUT = 4.0
"""Longer than the 3 s after which the kernel gives up asking by ARP, so that silence is not EHOSTUNREACH."""
ANSWER_TIMEOUT = 1.5
ARP_LISTENING = 1.2
"""Proxy ARP delays its answers by up to 0.8 s (proxy_delay)."""
NDP_LISTENING = 1.0
IP_RECVERR, IPV6_RECVERR = 11, 25
UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES)
"""EACCES: by ICMPv6, administratively prohibited (icmpv6_err_convert, net/ipv6/icmp.c)."""


def tcp(address: Address, port: int, size: int = 0) -> str:
    """Connect and wait for an answer to a request, filled up to `size` bytes. See checks.Tcp for the words."""
    with socket.socket(_family(address), socket.SOCK_STREAM) as client:
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


def udp(address: Address, port: int, source_port: int = 0) -> str:
    """Ask a DNS server, repeating the query. IP_RECVERR, or the kernel keeps "no route to host" to itself.

    A connected socket gets what comes for it before a daemon's that shares the port (SO_REUSEADDR, udp4_lib_lookup2).
    """
    with socket.socket(_family(address), socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(("", source_port))
        _hear_errors(client)
        client.connect((str(address), port))
        query = wire.dns_query("localhost")
        return _repeated(client, lambda _: query, "served", wire.dns_answers)


def dns(address: Address) -> str:
    """The first DNS answer to a query over UDP, by its flags. See checks.Dns for the words."""
    said: list[str] = []

    def right(data: bytes) -> bool:
        word = wire.dns_said(data)
        said.extend([word] if word else [])
        return bool(said)

    with socket.socket(_family(address), socket.SOCK_DGRAM) as client:
        _hear_errors(client)
        client.connect((str(address), 53))
        query = wire.dns_query("localhost")
        word = _repeated(client, lambda _: query, "served", right)
    return said[0] if said else word


def ping(address: Address) -> str:
    """Echo requests from a ping socket."""
    protocol = socket.IPPROTO_ICMP if address.version == 4 else socket.IPPROTO_ICMPV6
    reply = bytes([wire.ECHO_REPLY if address.version == 4 else wire.ECHO6_REPLY])
    with socket.socket(_family(address), socket.SOCK_DGRAM, protocol) as client:
        _hear_errors(client)
        client.connect((str(address), 0))
        request = partial(wire.echo_request, version=address.version)
        return _repeated(client, request, "reply", lambda data: data[:1] == reply)


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6


def _hear_errors(client: socket.socket) -> None:
    if client.family is socket.AF_INET:
        client.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    else:
        client.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)


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


def arp(interface: str, own: Address, wanted: Address) -> set[str]:
    """Every MAC that answers for `wanted`, asked once by broadcast with `own` as the sender's address."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(wire.ETH_P_ARP)) as listener:
        listener.bind((interface, wire.ETH_P_ARP))
        mac = bytes(listener.getsockname()[4])
        request = wire.arp_request(mac, own.packed, wanted.packed)
        frames = _frames(listener, ARP_LISTENING, lambda: listener.send(request))
        answers = (wire.arp_answerer(frame, wanted.packed) for frame, _ in frames)
        return {answer for answer in answers if answer is not None}


def ndp(interface: str, own: Address, wanted: Address, directly_at: str | None = None) -> set[str]:
    """Every MAC that answers a neighbour solicitation for `wanted`: by multicast, or in a frame to `directly_at`."""
    every_ipv6 = 0x86DD
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(every_ipv6)) as listener:
        listener.bind((interface, every_ipv6))
        mac = bytes(listener.getsockname()[4])
        to = bytes.fromhex(directly_at.replace(":", "")) if directly_at else None
        request = wire.neighbour_solicitation(mac, own.packed, wanted.packed, to)
        frames = _frames(listener, NDP_LISTENING, lambda: listener.send(request))
        answers = (wire.advertiser(frame, wanted.packed) for frame, _ in frames)
        return {answer for answer in answers if answer is not None}


def overheard(interface: str, vip: Address, talk: Callable[[], None]) -> int:
    """How many frames to `vip`, none of our own, arrive at `interface` while others `talk`."""
    every_protocol = 0x0003
    ethertype, place = (b"\x08\x00", slice(30, 34)) if vip.version == 4 else (b"\x86\xdd", slice(38, 54))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(every_protocol)) as listener:
        listener.bind((interface, every_protocol))
        frames = _frames(listener, 0.3, talk)
        return sum(
            1
            for frame, kind in frames
            if kind != socket.PACKET_OUTGOING and (frame[12:14], frame[place]) == (ethertype, vip.packed)
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
