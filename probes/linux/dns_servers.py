"""DNS servers asked what they must look up and what they know by themselves, on one socket each."""

from __future__ import annotations

import select
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode

from probes.linux.dns import NAME
from probes.linux.udp import AT_ONCE
from probes.linux.waiting import waits
from probes.questions.traffic import DnsServerAnswer, DnsServers, Endpoint

VERSION = "version.bind."
UNKNOWN_OPCODE = dns.opcode.Opcode(15)
SERVERS_PATIENCE_S = 6.0  # CoreDNS says SERVFAIL 5 s after it asked an upstream that does not answer


def dns_servers(question: DnsServers) -> tuple[DnsServerAnswer, ...]:
    """All servers at once."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        running = [pool.submit(_ask, server, question.timeout_ms / 1000) for server in question.servers]
        return tuple(each.result() for each in running)


def _ask(server: Endpoint, timeout: float) -> DnsServerAnswer:
    lookup, *by_itself = queries = _queries()
    said: dict[int, dns.message.Message] = {}
    family = socket.AF_INET if server.address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as flow:
        start = time.monotonic()
        try:
            flow.connect((str(server.address), server.port))
            for until in (timeout / 2, timeout, SERVERS_PATIENCE_S):
                if until > timeout and not said:
                    break
                for query in queries if until <= timeout else ():
                    flow.send(query.to_wire())
                _hear(flow, queries, said, start + until)
        except OSError:
            pass  # refused or unreachable: another way not to be answered
    known = next((said[each.id] for each in by_itself if each.id in said), None)
    return DnsServerAnswer(
        server=server,
        by_itself=_rcode(known),
        recursion_offered=None if known is None else bool(known.flags & dns.flags.RA),
        localhost=_rcode(said.get(lookup.id)),
    )


def _queries() -> tuple[dns.message.Message, ...]:
    """What must be looked up, then what needs no upstream. Each has an id of its own."""
    version = dns.message.make_query(VERSION, "TXT", "CH", flags=0)
    bare = dns.message.Message()
    bare.set_opcode(UNKNOWN_OPCODE)
    queries = (dns.message.make_query(NAME, "A"), version, bare)
    for number, query in enumerate(queries):
        query.id = (queries[0].id + number) % 65536
    return queries


def _hear(
    flow: socket.socket,
    queries: tuple[dns.message.Message, ...],
    said: dict[int, dns.message.Message],
    until: float,
) -> None:
    """Collect answers in `said` by their id, until that of the first query is there or time is up."""
    for left in waits(until):
        if queries[0].id in said or not select.select([flow], [], [], left)[0]:
            return
        answer = _read(flow.recv(65535))
        if answer is not None and any(each.id == answer.id for each in queries):
            said[answer.id] = answer


def _read(data: bytes) -> dns.message.Message | None:
    """A response, also one without a question, as NOTIMP and FORMERR may be."""
    try:
        answer = dns.message.from_wire(data)
    except dns.exception.DNSException:
        return None
    return answer if answer.flags & dns.flags.QR else None


def _rcode(answer: dns.message.Message | None) -> str | None:
    return None if answer is None else dns.rcode.to_text(answer.rcode())
