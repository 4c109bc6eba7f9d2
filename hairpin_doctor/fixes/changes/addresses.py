"""Addresses, neighbour entries, routes and policy rules. Addresses are text, as a report writes them."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import Literal

from hairpin_doctor.fixes.changes.change import Change


@dataclass(frozen=True)
class InterfaceAddress(Change):
    """The interface has the address ("192.0.2.5/24"), or has not.

    The optional fields are those of an address that is put back: broadcast, scope and flags as rtnetlink numbers them,
    label.
    """

    address: str
    device: str
    present: bool = True
    broadcast: str | None = None
    scope: int = 0
    flags: int = 0
    label: str | None = None

    def commands(self) -> tuple[str, ...]:
        """ip addr add or del."""
        return (self._command(self.present),)

    def undo(self) -> tuple[str, ...]:
        """The opposite."""
        return (self._command(not self.present),)

    def _command(self, present: bool) -> str:
        return f"ip addr {'add' if present else 'del'} {self.address} dev {quote(self.device)}"

    @property
    def interface(self) -> str | None:
        """The interface."""
        return self.device


@dataclass(frozen=True)
class NeighbourEntry(Change):
    """The neighbour entry that was wrong is gone, or (`present`) stands as it stood: `state` as `ip neigh` says `nud`."""

    address: str
    device: str
    mac: str
    state: Literal["permanent", "stale"]
    present: bool = False

    def commands(self) -> tuple[str, ...]:
        """ip neigh del or replace."""
        return (self._command(self.present),)

    def undo(self) -> tuple[str, ...]:
        """The opposite."""
        return (self._command(not self.present),)

    def _command(self, present: bool) -> str:
        if not present:
            return f"ip neigh del {self.address} dev {quote(self.device)}"
        return f"ip neigh replace {self.address} lladdr {self.mac} nud {self.state} dev {quote(self.device)}"

    @property
    def interface(self) -> str | None:
        """The interface."""
        return self.device


@dataclass(frozen=True)
class ForgottenNeighbour(Change):
    """What was learned of an address is forgotten; permanent entries stay. The next packet resolves it anew."""

    address: str

    def commands(self) -> tuple[str, ...]:
        """ip neigh flush."""
        return (f"ip neigh flush to {self.address}",)

    def undo(self) -> tuple[str, ...]:
        """Nothing: what is learned comes and goes."""
        return ()


@dataclass(frozen=True)
class RouteEntry(Change):
    """A route of a table: by an interface, by a gateway, or both; or one that forbids, by its type of ip-route(8).

    The optional fields are those of a route that is put back; numbers as rtnetlink has them.
    """

    destination: str
    device: str | None = None
    gateway: str | None = None
    present: bool = True
    table: int = 254
    protocol: int = 3
    metric: int | None = None
    source: str | None = None
    scope: int | None = None
    on_link: bool = False
    of_type: str = "unicast"

    def commands(self) -> tuple[str, ...]:
        """ip route add or del."""
        return (self._command(self.present),)

    def undo(self) -> tuple[str, ...]:
        """The opposite."""
        return (self._command(not self.present),)

    def _command(self, present: bool) -> str:
        of_type = [self.of_type] if self.of_type != "unicast" else []
        words = [f"ip route {'add' if present else 'del'}", *of_type, self.destination]
        words += [f"via {self.gateway}"] if self.gateway else []
        words += [f"dev {quote(self.device)}"] if self.device else []
        words += [f"metric {self.metric}"] if self.metric is not None else []
        words += [f"src {self.source}"] if self.source else []
        words += ["onlink"] if self.on_link else []
        words += [f"table {self.table}"] if self.table != 254 else []
        return " ".join(words)

    @property
    def interface(self) -> str | None:
        """The interface, if the route names one."""
        return self.device


@dataclass(frozen=True)
class PolicyRule(Change):
    """A rule of the routing policy: packets to a prefix are looked up in the main table before later rules are asked."""

    destination: str
    priority: int
    present: bool = True

    def commands(self) -> tuple[str, ...]:
        """ip rule add or del."""
        return (self._command(self.present),)

    def undo(self) -> tuple[str, ...]:
        """The opposite."""
        return (self._command(not self.present),)

    def _command(self, present: bool) -> str:
        family = " -6" if ":" in self.destination else ""
        words = f"to {self.destination} lookup main priority {self.priority}"
        return f"ip{family} rule {'add' if present else 'del'} {words}"
