"""What a probe is: one function that asks a host about a scope and returns one facts dataclass."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import wraps
from typing import Any, Generic, Protocol, TypeVar, get_type_hints, runtime_checkable

from probes.host import Host, Question
from probes.target import Address, Target

F = TypeVar("F")


class Layer(StrEnum):
    """Where a probe looks, lowest first; reports group by it. CLUSTER: asked only where a cluster is configured."""

    MACHINE = "machine"
    LINK = "link"
    BRIDGE = "bridge"
    NEIGHBOUR = "neighbour"
    ROUTING = "routing"
    TRAFFIC = "traffic"
    SERVICE = "service"
    ANNOUNCEMENT = "announcement"
    CLUSTER = "cluster"


class Phase(IntEnum):
    """When a probe runs. Traffic goes before ARP: a live reply heals the neighbour entry that we came to see."""

    BEFORE = 0
    TRAFFIC = 1
    DURING = 2
    AFTER = 3


@dataclass(frozen=True)
class Scope:
    """What a scan is about. `clients` are addresses of other vantage points whose reports are at hand.

    Times in ms: `timeout_ms` per attempt of traffic, `arp_window_ms` for listening to ARP replies. A kernel delays its
    proxy ARP answers by up to neigh/IF/proxy_delay, 0.8 s by default (arp(7)): the window is longer.
    """

    targets: tuple[Target, ...]
    timeout_ms: int = 2000
    arp_window_ms: int = 850
    clients: tuple[Address, ...] = ()

    @property
    def vips(self) -> tuple[Address, ...]:
        """The VIPs, each once, in the order of the targets."""
        return tuple(dict.fromkeys(target.vip for target in self.targets))


@dataclass(frozen=True)
class Probe(Generic[F]):
    """A registered probe: `id` is the name of its function and file, `facts` the type it returns."""

    id: str
    layer: Layer
    phase: Phase
    facts: type[F]
    look: Callable[[Host, Scope], F]
    documentation: str
    asks_first: tuple[Question[Any], ...] = ()


@runtime_checkable
class KeepsFacts(Protocol):
    """A host whose answers do not change: a probe looks once, however many others rest on what it finds."""

    def keep(self, key: Hashable, work: Callable[[], F]) -> F:
        """What came of the work the first time."""
        ...


def probe(
    layer: Layer, phase: Phase = Phase.DURING, asks_first: tuple[Question[Any], ...] = ()
) -> Callable[[Callable[[Host, Scope], F]], Probe[F]]:
    """Make a probe of a function; its module's docstring is its documentation, its return annotation the facts type.

    Questions in `asks_first` are asked before anything else of the scan, for probes that compare two moments.
    Looking again at a host that keeps facts gives the same ones.
    """

    def register(look: Callable[[Host, Scope], F]) -> Probe[F]:
        module = sys.modules[look.__module__]
        facts: Any = get_type_hints(look)["return"]

        @wraps(look)
        def once(host: Host, scope: Scope) -> F:
            if isinstance(host, KeepsFacts):
                return host.keep((look, scope), lambda: look(host, scope))
            return look(host, scope)

        return Probe(
            look.__name__, layer, phase, facts, once, inspect.cleandoc(module.__doc__ or ""), asks_first
        )

    return register
