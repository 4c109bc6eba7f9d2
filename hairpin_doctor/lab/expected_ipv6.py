"""What the doctor must say of the cases over IPv6; see expected.py."""

from __future__ import annotations

from collections.abc import Mapping

from hairpin_doctor.lab.cases.case import Expected, Vantage

HEALTHY, UNDETERMINED = Expected("healthy", ()), Expected("undetermined", ())
_WORKS: Mapping[Vantage, Expected] = {
    "client": Expected("healthy", ("HD001",)),
    "host": HEALTHY,
    "both": Expected("healthy", ("HD001", "HD002")),
}

EXPECTED: Mapping[str, Mapping[Vantage, Expected]] = {
    "healthy-ipv6": _WORKS,
    "healthy-snooping-ipv6": _WORKS,
    # The client's own experiment: its announcer answers a frame to its MAC, and not the multicast one.
    "ndp-unheard-ipv6": {
        "client": Expected("diagnosed", ("HD211",)),
        "host": HEALTHY,
        "both": Expected("diagnosed", ("HD211",)),
    },
    # The VM hears nobody beyond the bridge by multicast; what the bridge itself sends does go out there.
    "port-floods-no-multicast-ipv6": {
        "client": UNDETERMINED,
        "host": HEALTHY,
        "both": Expected("diagnosed", ("HD211",)),
    },
    # Silence however it asks: why, the host alone can tell.
    "no-link-local-ipv6": {
        "client": UNDETERMINED,
        "host": HEALTHY,
        "both": Expected("diagnosed", ("HD211",)),
    },
    "answers-without-a-route-ipv6": {
        "client": UNDETERMINED,
        "host": HEALTHY,
        "both": Expected("diagnosed", ("HD211",)),
    },
    # The kernel answers ping for its own addresses; who answers twice, the client alone cannot tell.
    "kernel-answers-twice-ipv6": {
        "client": HEALTHY,
        "host": HEALTHY,
        "both": Expected("healthy", ("HD106",), ("HD002",)),
    },
    # What the host's rules do with frames that it bridges, the client cannot see.
    "firewall-drops-solicitations-ipv6": {
        "client": UNDETERMINED,
        "host": HEALTHY,
        "both": Expected("diagnosed", ("HD305",)),
    },
    "nobody-announces-ipv6": {
        "client": UNDETERMINED,
        "host": HEALTHY,
        "both": Expected("diagnosed", ("HD201",)),
    },
    # BIRD's route names the node by its global address, of which no IPv6 router tells its clients: without a redirect, the
    # client alone cannot tell the route from an answer that only the router gets.
    "bgp-same-subnet-ipv6": {
        "client": UNDETERMINED,
        "host": UNDETERMINED,
        "both": Expected("diagnosed", ("HD601",)),
    },
}
