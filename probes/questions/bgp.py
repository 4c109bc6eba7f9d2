"""Questions to a BGP daemon of this machine: what it says of its sessions, and of what it advertises in them."""

from __future__ import annotations

from dataclasses import dataclass

from probes.host import Question
from probes.target import Address


@dataclass(frozen=True)
class BgpSession:
    """One configured session: `state` and `last_error` in the daemon's own words; RFC 4271 section 8.2.2 names the states.

    `advertised`: the VIPs asked about that a route in it holds, a default route left out; none unless Established.
    """

    daemon: str
    name: str
    peer: Address | None
    is_established: bool
    state: str
    last_error: str | None
    advertised: tuple[Address, ...]


@dataclass(frozen=True)
class BgpDaemonState(Question[tuple[BgpSession, ...]]):
    """Every BGP session of the daemons here whose control socket can be asked (BIRD's), and which VIPs go out in it.

    Raises Absent where no such daemon runs, Denied where its socket is closed to us.
    """

    vips: tuple[Address, ...]
