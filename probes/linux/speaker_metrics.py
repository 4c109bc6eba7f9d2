"""MetalLB's own metrics on this node: found by who listens on its ports, read by one bounded GET each, and not trusted.

The speaker runs in the host's network and listens on the node's address (METALLB_HOST), on every one, or on the loopback
behind a proxy that asks for a login. Since v0.16 it serves HTTPS to accounts of the cluster alone: no credential is ever
sent, so that is a refusal. Names of the metrics: speaker/main.go, internal/bgp/native/stats.go, internal/layer2/stats.go,
internal/k8s/k8s.go and frr-tools/metrics/collector of MetalLB.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from probes.host import Absent
from probes.linux.prometheus_text import Sample, samples
from probes.linux.sockets import tcp_connections
from probes.questions.sockets import TcpConnections
from probes.questions.speaker import Announced, AnsweredRequests, SpeakerMetrics, SpeakerSession, SpeakerWord
from probes.target import Address

if TYPE_CHECKING:
    import http.client

SPEAKER_PORT, FRR_PORTS = 7472, (7473, 7573)
ANNOUNCED, ANSWERED = "metallb_speaker_announced", "metallb_layer2_responses_sent"
LOADED, STALE = "metallb_k8s_client_config_loaded_bool", "metallb_k8s_client_config_stale_bool"
CONTROLLER = "metallb_allocator_addresses_total"  # MetalLB's controller has no part in announcing
UP = ("metallb_bgp_session_up", "frrk8s_bgp_session_up")
PREFIXES = ("metallb_bgp_announced_prefixes_total", "frrk8s_bgp_announced_prefixes_total")
WANTED = frozenset((ANNOUNCED, ANSWERED, LOADED, STALE, CONTROLLER, *UP, *PREFIXES))
NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)  # RFC 1123, as Kubernetes wants names
PEER = re.compile(r"[A-Za-z0-9_.:%\[\]@+-]{1,80}", re.ASCII)
LARGEST, SECONDS, CHUNK = 4 << 20, 1.0, 64 * 1024
LOGIN = (401, 403)
HTTPS_ONLY = b"Client sent an HTTP request to an HTTPS server"  # net/http, server.go


class _Refused(Exception):
    """It wants a login."""


def speaker_metrics(_: SpeakerMetrics) -> SpeakerWord:
    """See the question."""
    own, refused_itself = _read((SPEAKER_PORT,))
    frr, refused_by_frr = _read(FRR_PORTS)
    is_speaker = any(each.name in (ANNOUNCED, LOADED) for each in own)
    if any(each.name == CONTROLLER for each in own) or not (own or frr or refused_itself or refused_by_frr):
        raise Absent("nothing of MetalLB serves metrics here")
    stale = [each.value for each in own if each.name == STALE]
    return SpeakerWord(
        announced=tuple(_announced(own)) if is_speaker else None,
        sessions=tuple(_sessions([*own, *frr])),
        answered=tuple(_answered(own)),
        config_is_stale=stale[0] == 1 if stale else None,
        refused=refused_itself or refused_by_frr,
    )


def _read(ports: Iterable[int]) -> tuple[list[Sample], bool]:
    """What listens there says, and whether any of it wants a login."""
    found: list[Sample] = []
    refused = False
    for port in ports:
        for address in _listening(port):
            try:
                found += samples(_get(address, port), WANTED)
            except _Refused:
                refused = True
    return found, refused


def _listening(port: int) -> Iterator[Address]:
    """Where to ask: an address of this machine on which somebody listens, the loopback where it is every one."""
    seen = set()
    for each in tcp_connections(TcpConnections(port)):
        if each.state == "LISTEN" and each.local.port == port:
            bound = each.local.address
            own = ipaddress.ip_address("::1" if bound.version == 6 else "127.0.0.1")
            seen.add(own if bound.is_unspecified else bound)
    yield from sorted(seen, key=str)


def _get(address: Address, port: int) -> str:
    """The page; "" where nobody serves one in time. Raises _Refused."""
    import http.client

    connection = http.client.HTTPConnection(str(address), port, timeout=SECONDS)
    alarm = threading.Timer(2 * SECONDS, _hang_up, (connection,))
    alarm.start()
    try:
        connection.request("GET", "/metrics", headers={"Accept": "text/plain", "Connection": "close"})
        response = connection.getresponse()
        body = _body(response, time.monotonic() + SECONDS)
    except (OSError, http.client.HTTPException, ValueError):
        return ""
    finally:
        alarm.cancel()
        connection.close()
    if response.status in LOGIN or HTTPS_ONLY in body:
        raise _Refused
    return body.decode(errors="replace") if response.status == http.client.OK else ""


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """Whoever sends his headers byte by byte is never late for the socket's own timeout."""
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _body(response: http.client.HTTPResponse, end: float) -> bytes:
    """At most the largest page; what comes too slowly ends there, at the last whole line."""
    found = bytearray()
    while len(found) < LARGEST and (chunk := response.read1(CHUNK)):
        found += chunk
        if time.monotonic() > end:
            break
    else:
        return bytes(found[:LARGEST])
    return bytes(found[: found.rfind(b"\n") + 1])


def _announced(found: Iterable[Sample]) -> Iterator[Announced]:
    for each in found:
        namespace, _, service = each.labels.get("service", "").partition("/")
        address, protocol = _address(each.labels.get("ip", "")), each.labels.get("protocol")
        names = NAME.fullmatch(namespace) and NAME.fullmatch(service)
        if each.name == ANNOUNCED and each.value == 1 and names and address:
            if protocol == "layer2":
                yield Announced(namespace, service, address, "layer2")
            elif protocol == "bgp":
                yield Announced(namespace, service, address, "bgp")


def _sessions(found: list[Sample]) -> Iterator[SpeakerSession]:
    prefixes = {each.labels.get("peer"): int(each.value) for each in found if each.name in PREFIXES}
    for each in found:
        written = each.labels.get("peer", "")
        if each.name in UP and PEER.fullmatch(written):
            yield SpeakerSession(_peer(written), each.value == 1, prefixes.get(written))


def _answered(found: Iterable[Sample]) -> Iterator[AnsweredRequests]:
    for each in found:
        address = _address(each.labels.get("ip", ""))
        if each.name == ANSWERED and address and each.value >= 0:
            yield AnsweredRequests(address, int(each.value))


def _peer(written: str) -> str:
    """Without its port: "172.18.0.5:179", "[fc00::5]:179"; an interface stays as it is."""
    host = written.rpartition(":")[0].strip("[]")
    return str(_address(host) or _address(written) or written)


def _address(written: str) -> Address | None:
    try:
        return ipaddress.ip_address(written)
    except ValueError:
        return None
