"""What the doctor must say of each case, per vantage point: written by hand, never generated from what it says.

`client`: a scan in the client alone. `host`: on the host alone, which cannot test a client's path. `both`: on the host
with the client's report. The first code is the first diagnosis; no other code may appear unless it is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping

from hairpin_doctor.lab.cases.case import Expected, Vantage

Expectations = Mapping[Vantage, Expected]


def _expect(client: Expected, host: Expected, both: Expected) -> Expectations:
    return {"client": client, "host": host, "both": both}


HEALTHY, UNDETERMINED = Expected("healthy", ()), Expected("undetermined", ())
PING_IS_SILENT = Expected("healthy", ("HD001",))


def _works(*codes: str, host: tuple[str, ...] = (), allowed: tuple[str, ...] = ()) -> Expectations:
    """The service works; both together show these latent conditions and notes besides silent ping."""
    return _expect(PING_IS_SILENT, Expected("healthy", host), Expected("healthy", (*codes, "HD001"), allowed))


def _broken(code: str, *, client: Expected = UNDETERMINED, host: Expected = HEALTHY) -> Expectations:
    """Decided by both together."""
    return _expect(client, host, Expected("diagnosed", (code,)))


_ROUTED = _broken("HD601", client=Expected("diagnosed", ("HD601",)), host=UNDETERMINED)
_ON_THE_BRIDGE = _expect(PING_IS_SILENT, HEALTHY, Expected("healthy", ("HD001", "HD002")))
_WRONG_ENTRY = _broken("HD205", client=Expected("diagnosed", ("HD205",)))

EXPECTED: Mapping[str, Expectations] = {
    "healthy": _ON_THE_BRIDGE,
    "l2-on-bridge0": _ON_THE_BRIDGE,
    "bgp-same-subnet": _ROUTED,
    "bgp-same-subnet-proxy-arp-stateful": _ROUTED,
    "l2-on-eno1": _broken("HD104", host=UNDETERMINED),
    # The real speaker skips the port and listens everywhere else: only the cluster can tell what it was told.
    "l2-on-eno1-real-speaker": _broken("HD201"),
    "l2-on-enp197s0": _broken("HD105", host=UNDETERMINED),
    "l2-on-enp197s0-real-speaker": _broken("HD201"),
    "nobody-announces": _broken("HD201"),
    "vip-on-port-mac": _broken("HD301"),
    # The kernel logs the VM's frames as coming from the bridge's own MAC; who suffers, the host cannot tell.
    "duplicate-mac": _broken("HD310", host=Expected("healthy", ("HD310",))),
    "duplicate-mac-on-lan": _broken("HD310", host=Expected("healthy", ("HD310",))),
    "l2-on-metallb0-good": _works(),
    "metallb0-rp-filter": _broken("HD401", host=UNDETERMINED),
    "metallb0-arp-flux": _works("HD208", host=("HD208",)),
    "metallb0-floods": _works("HD309", host=("HD309",)),
    "announced-twice": _works("HD106", allowed=("HD002",)),
    # The kernel answers ping for an address of its own, and for the node's own address on both interfaces as well.
    "kernel-answers-twice": _expect(
        HEALTHY, Expected("healthy", ("HD208",)), Expected("healthy", ("HD106", "HD208"), ("HD002",))
    ),
    "hairpin-off-on-port": _broken("HD304"),
    "firewall-bridge-hits-host-nat": _broken("HD303"),
    "bridged-frames-hit-host-nat": _broken("HD303", host=UNDETERMINED),
    # What stands is not what the host's own file says; in every other case no file of the lab's machines says anything.
    "br-netfilter-reset": _expect(
        UNDETERMINED, Expected("healthy", ("HD308",)), Expected("diagnosed", ("HD304", "HD308"))
    ),
    "stale-neighbour": _WRONG_ENTRY,
    "stale-neighbour-learned": _WRONG_ENTRY,
    "proxy-arp-beside-announcer": _expect(
        Expected("healthy", ("HD206", "HD001")), HEALTHY, Expected("healthy", ("HD206", "HD001", "HD002"))
    ),
    **{f"recommended-interface-{mode}-{call}": _works() for mode in range(3) for call in range(2)},
}
