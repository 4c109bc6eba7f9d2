"""MetalLB's metrics, asked of real HTTP servers: pages as MetalLB serves them, logins that are refused, and bad manners.

The page of a native speaker is the one that MetalLB's own e2e tests read (e2etest/pkg/metrics, `sample`), that of FRR
follows its collector's test (frr-tools/metrics/collector/bgp_collector_test.go); L2 counters: internal/layer2/stats.go.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from typing import Any

import pytest

from probes.host import Absent
from probes.questions.speaker import Announced, AnsweredRequests, SpeakerMetrics, SpeakerSession

pytestmark = pytest.mark.lab
VIP = IPv4Address("192.168.10.0")
SPEAKER = """\
# HELP metallb_bgp_announced_prefixes_total Number of prefixes currently being advertised on the BGP session
# TYPE metallb_bgp_announced_prefixes_total gauge
metallb_bgp_announced_prefixes_total{peer="172.18.0.5:179"} 1
# HELP metallb_bgp_session_up BGP session state (1 is up, 0 is down)
# TYPE metallb_bgp_session_up gauge
metallb_bgp_session_up{peer="172.18.0.5:179"} 1
metallb_bgp_session_up{peer="[fc00:f853:ccd:e793::5]:179"} 0
# TYPE metallb_k8s_client_config_loaded_bool gauge
metallb_k8s_client_config_loaded_bool 1
# TYPE metallb_k8s_client_config_stale_bool gauge
metallb_k8s_client_config_stale_bool 1
# HELP metallb_layer2_responses_sent Number of layer2 responses sent for owned IPs in response to requests.
metallb_layer2_responses_sent{ip="192.168.10.0"} 12
# HELP metallb_speaker_announced Services being announced from this node. This is desired state.
# TYPE metallb_speaker_announced gauge
metallb_speaker_announced{ip="192.168.10.0",node="kind-worker",protocol="bgp",service="bgp-8081/external-local-lb"} 1
metallb_speaker_announced{ip="no address",node="kind-worker",protocol="bgp",service="x/y"} 1
metallb_speaker_announced{ip="192.168.10.1",node="kind-worker",protocol="bgp",service="../\\u001b[31m"} 1
go_goroutines 90
"""
FRR = """\
frrk8s_bgp_session_up{peer="172.18.0.4:179",vrf="default"} 1
frrk8s_bgp_announced_prefixes_total{peer="172.18.0.4:179",vrf="default"} 0
"""
Answer = Callable[[BaseHTTPRequestHandler], None]


def page(text: str, status: int = 200) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.end_headers()
        request.wfile.write(text.encode())

    return answer


def drip(request: BaseHTTPRequestHandler) -> None:
    """One byte of a header every now and then, for as long as somebody listens."""
    try:
        for _ in range(100):
            request.wfile.write(b"X")
            request.wfile.flush()
            time.sleep(0.2)
    except OSError:
        return


def endless(request: BaseHTTPRequestHandler) -> None:
    try:
        page(SPEAKER)(request)
        while True:
            request.wfile.write(b"go_goroutines 1\n" * 4096)
    except OSError:
        return


@pytest.fixture
def serve(net: Any) -> Callable[..., None]:
    """`serve(answer, port, address)`: a server on machine `a` that answers GET /metrics so."""

    def start(answer: Answer, port: int = 7472, address: str = "192.0.2.10") -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert self.path == "/metrics"
                assert "Authorization" not in self.headers
                answer(self)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        server = net.inside("a", lambda: ThreadingHTTPServer((address, port), Handler))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        net.opened.callback(server.server_close)
        net.opened.callback(server.shutdown)

    return start


def test_the_speaker_says_what_it_announces_and_how_its_sessions_stand(net: Any, serve: Any) -> None:
    serve(page(SPEAKER))
    word = net.ask("a", SpeakerMetrics())
    assert word.announced == (Announced("bgp-8081", "external-local-lb", VIP, "bgp"),)
    assert word.sessions == (
        SpeakerSession("172.18.0.5", True, 1),
        SpeakerSession("fc00:f853:ccd:e793::5", False, None),
    )
    assert word.answered == (AnsweredRequests(VIP, 12),)
    assert (word.config_is_stale, word.refused) == (True, False)


def test_frr_beside_it_says_how_its_sessions_stand_on_a_port_of_its_own(net: Any, serve: Any) -> None:
    serve(page("", 401), address="0.0.0.0")
    serve(page(FRR), 7573, "127.0.0.1")
    word = net.ask("a", SpeakerMetrics())
    assert word.announced is None
    assert word.sessions == (SpeakerSession("172.18.0.4", True, 0),)
    assert word.refused


def test_a_page_for_those_with_a_login_is_a_refusal(net: Any, serve: Any) -> None:
    serve(page("Client sent an HTTP request to an HTTPS server.\n", 400))
    word = net.ask("a", SpeakerMetrics())
    assert (word.announced, word.sessions, word.refused) == (None, (), True)


@pytest.mark.parametrize(
    "answer",
    [
        page("<html>"),
        page("up 1\n"),
        page('metallb_allocator_addresses_total{pool="x"} 5\nmetallb_k8s_client_config_loaded_bool 1\n'),
        drip,
    ],
    ids=["no metrics", "another program's", "the controller's", "byte by byte"],
)
def test_what_is_no_speaker_is_absent_and_costs_no_more_than_seconds(
    net: Any, serve: Any, answer: Answer
) -> None:
    serve(answer)
    start = time.monotonic()
    with pytest.raises(Absent):
        net.ask("a", SpeakerMetrics())
    assert time.monotonic() - start < 4


def test_a_page_without_an_end_ends_all_the_same(net: Any, serve: Any) -> None:
    serve(endless)
    start = time.monotonic()
    assert net.ask("a", SpeakerMetrics()).announced
    assert time.monotonic() - start < 5


def test_where_nobody_listens_nobody_is_asked(net: Any) -> None:
    with pytest.raises(Absent):
        net.ask("a", SpeakerMetrics())
