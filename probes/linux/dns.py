"""DNS exchanges: messages made and read by dnspython, over UDP on our own socket and over TCP by dnspython."""

from __future__ import annotations

import errno
import time
from concurrent.futures import ThreadPoolExecutor

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

from probes.linux.udp import AT_ONCE, Exchange, exchange
from probes.questions.traffic import DatagramOutcome, DnsAnswer, DnsExchanges, Endpoint

NAME = "localhost."


def exchanges(question: DnsExchanges) -> tuple[DnsAnswer, ...]:
    """All servers at once, each within the timeout."""
    ask = _over_udp if question.transport == "udp" else _over_tcp
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        running = [pool.submit(ask, server, question.timeout_ms / 1000) for server in question.servers]
        return tuple(each.result() for each in running)


def _over_udp(server: Endpoint, timeout: float) -> DnsAnswer:
    query = dns.message.make_query(NAME, "A", use_edns=0, payload=1232)
    got = exchange(server, query.to_wire(), timeout)
    answer = _read(query, got.data) if got.data else None
    error = got.error or ("not a DNS answer to our question" if got.data and answer is None else None)
    return _answer(server, "udp", got, answer, error)


def _over_tcp(server: Endpoint, timeout: float) -> DnsAnswer:
    query = dns.message.make_query(NAME, "A", use_edns=0)
    start = time.monotonic()
    try:
        answer = dns.query.tcp(query, str(server.address), timeout=timeout, port=server.port)
    except dns.exception.Timeout:
        return _answer(server, "tcp", Exchange(DatagramOutcome.SILENT), None, None)
    except ConnectionRefusedError:
        return _answer(server, "tcp", Exchange(DatagramOutcome.REFUSED), None, None)
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, str(error))
        return _answer(server, "tcp", Exchange(DatagramOutcome.UNREACHABLE), None, name)
    except (EOFError, dns.exception.DNSException) as error:
        complaint = f"{type(error).__name__}: {error}".rstrip(": ")
        return _answer(server, "tcp", Exchange(DatagramOutcome.ANSWERED), None, complaint)
    passed = round((time.monotonic() - start) * 1000, 3)
    got = Exchange(DatagramOutcome.ANSWERED, replied_from=server, round_trip_ms=passed)
    return _answer(server, "tcp", got, answer, None)


def _read(query: dns.message.Message, data: bytes) -> dns.message.Message | None:
    try:
        answer = dns.message.from_wire(data)
    except dns.exception.DNSException:
        return None
    return answer if query.is_response(answer) else None


def _answer(
    server: Endpoint, transport: str, got: Exchange, answer: dns.message.Message | None, error: str | None
) -> DnsAnswer:
    return DnsAnswer(
        destination=server,
        transport="udp" if transport == "udp" else "tcp",
        outcome=got.outcome,
        rcode=dns.rcode.to_text(answer.rcode()) if answer is not None else None,
        truncated=bool(answer is not None and answer.flags & dns.flags.TC),
        round_trip_ms=got.round_trip_ms,
        replied_from=got.replied_from,
        error=error,
        recursion_available=bool(answer.flags & dns.flags.RA) if answer is not None else None,
        extended_error=_extended_error(answer) if answer is not None else None,
    )


def _extended_error(answer: dns.message.Message) -> int | None:
    found = (int(each.code) for each in answer.options if isinstance(each, dns.edns.EDEOption))
    return next(found, None)
