"""What a server on the loopback interface is heard to say, in one flow."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest

from probes.linux import dns_servers as asking
from probes.questions.traffic import DnsServers, Endpoint

Reply = Callable[[dns.message.Message], dns.message.Message | None]


@contextmanager
def server(reply: Reply) -> Iterator[tuple[Endpoint, set[int]]]:
    """Its endpoint, and the source ports that it was asked from."""
    ports: set[int] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, origin = end.recvfrom(4096)
                if not data:
                    return
                ports.add(origin[1])
                answer = reply(dns.message.from_wire(data))
                if answer is not None:
                    end.sendto(answer.to_wire(), origin)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield Endpoint(ip_address("127.0.0.1"), end.getsockname()[1]), ports
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", end.getsockname())
            thread.join()


def is_lookup(query: dns.message.Message) -> bool:
    return bool(query.question) and query.question[0].name.to_text() == "localhost."


def refuses(query: dns.message.Message) -> dns.message.Message:
    answer = dns.message.Message(query.id)
    answer.flags = dns.flags.QR | dns.flags.RA
    answer.set_opcode(query.opcode())
    answer.set_rcode(dns.rcode.NOTIMP if query.opcode() else dns.rcode.REFUSED)
    return answer


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "SERVERS_PATIENCE_S", 0.5)


def ask(end: Endpoint) -> asking.DnsServerAnswer:
    (answer,) = asking.dns_servers(DnsServers((end,), 200))
    return answer


def test_a_server_that_waits_in_vain_answers_for_itself_in_the_same_flow() -> None:
    with server(lambda query: None if is_lookup(query) else refuses(query)) as (end, ports):
        answer = ask(end)
    assert (answer.by_itself, answer.recursion_offered, answer.localhost) == ("REFUSED", True, None)
    assert len(ports) == 1


def test_one_that_forwards_even_its_version_still_minds_the_opcode() -> None:
    with server(lambda query: refuses(query) if query.opcode() else None) as (end, _):
        assert ask(end).by_itself == "NOTIMP"


def test_a_lookup_that_is_answered_ends_it() -> None:
    with server(lambda query: dns.message.make_response(query) if is_lookup(query) else None) as (end, _):
        answer = ask(end)
    assert (answer.by_itself, answer.localhost) == (None, "NOERROR")


def test_a_servers_failure_after_its_own_patience_is_waited_for() -> None:
    first: list[float] = []

    def late(query: dns.message.Message) -> dns.message.Message | None:
        if not is_lookup(query):
            return refuses(query)
        first.append(0)
        if len(first) < 2:
            return None
        threading.Event().wait(0.25)
        failed = dns.message.make_response(query)
        failed.set_rcode(dns.rcode.SERVFAIL)
        return failed

    with server(late) as (end, _):
        assert ask(end).localhost == "SERVFAIL"


def test_silence_and_refusal_are_no_answers() -> None:
    with server(lambda _: None) as (end, _):
        assert ask(end) == asking.DnsServerAnswer(end, None, None, None)
    assert ask(end) == asking.DnsServerAnswer(end, None, None, None)
