"""Does each TCP port of a VIP complete a handshake, is what we send then acknowledged at any size, and which MAC answers?

A completed handshake is not service: it says nothing about what the program behind the port does. Large packets are sent
by us only: whether large ones come back cannot be seen. MACs and flags are
seen only with CAP_NET_RAW. Ports that nobody named are guessed (COMMON_PORTS): only their success means something.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Host
from probes.probe import Layer, Phase, Scope, probe
from probes.questions.traffic import Endpoint, Handshake, HandshakeAnswer, Handshakes, TcpFrame
from probes.target import Address, Protocol

COMMON_PORTS = (53, 80, 443)
GUESS_PATIENCE_MS = 1000


@dataclass(frozen=True)
class TcpFacts:
    """One answer per port that was tried; `guessed` ports were not named by anybody."""

    answers: tuple[HandshakeAnswer, ...]
    guessed: tuple[Endpoint, ...]

    def answer(self, vip: Address, port: int) -> HandshakeAnswer | None:
        """The answer of this port."""
        return next((each for each in self.answers if each.destination == Endpoint(vip, port)), None)

    def of(self, vip: Address) -> tuple[HandshakeAnswer, ...]:
        """Every answer of this VIP."""
        return tuple(each for each in self.answers if each.destination.address == vip)

    def stalled(self, vip: Address) -> tuple[HandshakeAnswer, ...]:
        """Connections that were made and then went dead."""
        return tuple(each for each in self.of(vip) if each.outcome is Handshake.STALLED)

    def small_only(self, vip: Address) -> tuple[HandshakeAnswer, ...]:
        """Connections whose large packets vanish."""
        return tuple(each for each in self.of(vip) if each.outcome is Handshake.SMALL_ONLY)


def frames_sent(answer: HandshakeAnswer) -> tuple[TcpFrame, ...]:
    """Captured SYNs of ours."""
    return tuple(frame for frame in answer.frames or () if frame.outgoing and frame.flags == "SYN")


def frames_received(answer: HandshakeAnswer) -> tuple[TcpFrame, ...]:
    """Captured frames that came back."""
    return tuple(frame for frame in answer.frames or () if not frame.outgoing)


@probe(Layer.TRAFFIC, Phase.TRAFFIC)
def tcp(host: Host, scope: Scope) -> TcpFacts:
    """Try every TCP port of the scope at once."""
    named = [
        Endpoint(target.vip, target.port)
        for target in scope.targets
        if target.port is not None and target.protocol in (Protocol.TCP, None)
    ]
    bare = (target.vip for target in scope.targets if target.port is None)
    guessed = tuple(end for vip in bare for port in COMMON_PORTS if (end := Endpoint(vip, port)) not in named)
    answers = host.ask(Handshakes(tuple(dict.fromkeys(named)), scope.timeout_ms)) if named else ()
    return TcpFacts((*answers, *guess(host, scope, guessed)), guessed)


def guess(host: Host, scope: Scope, ends: tuple[Endpoint, ...]) -> tuple[HandshakeAnswer, ...]:
    """Ports that nobody named get less patience, and hardly any once one of them has opened."""
    patience = min(scope.timeout_ms, GUESS_PATIENCE_MS)
    return host.ask(Handshakes(ends, patience, guessed=True)) if ends else ()
