"""What the doctor must say of the cases of pools, address and routing (pools.py, addresses.py, routing.py), by hand."""

from __future__ import annotations

from collections.abc import Mapping

from hairpin_doctor.lab.cases.case import Expected, Vantage

Expectations = Mapping[Vantage, Expected]
HEALTHY, UNDETERMINED = Expected("healthy", ()), Expected("undetermined", ())


def _expect(client: Expected, host: Expected, both: Expected) -> Expectations:
    return {"client": client, "host": host, "both": both}


def _broken(code: str, *, client: Expected = UNDETERMINED, host: Expected = HEALTHY) -> Expectations:
    return _expect(client, host, Expected("diagnosed", (code,)))


def _found(code: str) -> Expected:
    return Expected("diagnosed", (code,))


EXPECTED: Mapping[str, Expectations] = {
    # The host's own gateway has the VIP: no client is needed to see that.
    "pool-holds-the-gateway": _broken("HD109", client=_found("HD109"), host=Expected("healthy", ("HD109",))),
    "vip-outside-prefix": _broken("HD111"),
    "arp-ignored": _broken("HD209", host=UNDETERMINED),
    "arp-ignored-2": _broken("HD209", host=UNDETERMINED),
    "arp-dropped-by-rules": _broken("HD209"),
    "arp-filtered": _broken("HD209"),
    "every-node-holds-the-vip": _expect(HEALTHY, HEALTHY, Expected("healthy", ("HD204",), ("HD002",))),
    "duplicate-address": _broken("HD203", client=_found("HD203")),
    "duplicate-address-scanned": _broken("HD203", client=_found("HD203"), host=UNDETERMINED),
    # The client by itself cannot know that the address is not meant to be its own.
    "client-holds-the-vip": _broken("HD203"),
    "duplicate-address-alone": _broken("HD203"),
    # ARP replies that the scan itself provokes may flip the entry, so that the stranger answers the ping.
    "duplicate-address-loses-the-race": _expect(
        Expected("healthy", ("HD203",), ("HD001",)),
        HEALTHY,
        Expected("healthy", ("HD203",), ("HD001", "HD002")),
    ),
    "split-brain": _expect(
        Expected("healthy", ("HD001",)), HEALTHY, Expected("healthy", ("HD202", "HD001"), ("HD002",))
    ),
    # A second machine that answers and serves nothing: only a scan on it tells what it is.
    "split-brain-dead-node": _expect(UNDETERMINED, HEALTHY, UNDETERMINED),
    "policy-route-captures-lan": _broken("HD406"),
    "policy-route-captures-pods": _broken("HD406"),
    "client-routes-vip-elsewhere": _broken("HD409", client=_found("HD409")),
    "client-vpn-takes-the-lan": _broken("HD409", client=_found("HD409")),
    "multihomed-asymmetry": _broken("HD402"),
    "no-way-back": _broken("HD410"),
    "macvtap-cannot-reach-parent": _broken("HD110"),
    # From the client all of them look alike: its packets leave, and nothing comes back.
    "client-banned-by-route": _broken("HD410"),
    "container-network-overlaps-clients": _broken("HD410"),
}
