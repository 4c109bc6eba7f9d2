"""What the doctor must say where the datapath is broken: filters, translation, forwarding, backends, bridge ports.

As in expected.py: written by hand, per vantage point.
"""

from __future__ import annotations

from collections.abc import Mapping

from hairpin_doctor.lab.cases.case import Expected, Vantage

Expectations = Mapping[Vantage, Expected]

HEALTHY, UNDETERMINED = Expected("healthy", ()), Expected("undetermined", ())


def _diagnosed(code: str) -> Expected:
    return Expected("diagnosed", (code,))


def _both(code: str, *, client: Expected = UNDETERMINED, host: Expected = HEALTHY) -> Expectations:
    """Decided by both together."""
    return {"client": client, "host": host, "both": _diagnosed(code)}


EXPECTED: Mapping[str, Expectations] = {
    "firewall-drops": _both("HD405"),
    # ICMP says "administratively prohibited": the client alone knows that somebody refuses on purpose, and who.
    "firewall-rejects": _both("HD405", client=_diagnosed("HD405")),
    "firewall-drops-before-nat": _both("HD405"),
    "docker-drops-service": _both("HD405"),
    "legacy-policy-drops": _both("HD504"),
    "docker-drops-bridged": _both("HD305"),
    "docker-drops-bridged-but-icmp": _both("HD305"),
    "firewall-drops-bridged": _both("HD305"),
    "local-policy-drops-bridged": _both("HD305", host=UNDETERMINED),
    # On the host alone nobody answers for the VIP, since no announcer hears itself, and no rule serves it.
    "vip-not-programmed": _both("HD501", host=UNDETERMINED),
    "vip-is-local-not-programmed": _both("HD501", host=UNDETERMINED),
    "protocol-missing": _both("HD507", host=UNDETERMINED),
    "local-policy-no-local-endpoint": _both("HD502"),
    # The host's own attempt is rejected too, by a rule that no probe of its own packets walks.
    "no-ready-endpoints": _both("HD103", host=UNDETERMINED),
    # The host's own address is none of the ranges either, and its own attempt does not show why it fails.
    "source-ranges-exclude-client": _both("HD505", host=UNDETERMINED),
    # The host's own question to the pod is refused too.
    "backend-refuses": _both("HD503", host=_diagnosed("HD503")),
    # The host's own attempts are dropped as well, and its counter says why.
    "conntrack-table-full": _both("HD408", host=_diagnosed("HD408")),
    # Every new flow is served: only the node knows of the one that is not.
    "stale-udp-conntrack": {
        "client": Expected("healthy", ("HD001",)),
        "host": _diagnosed("HD506"),
        "both": Expected("diagnosed", ("HD506", "HD001", "HD002")),
    },
    # The server's own words reach everybody who asks.
    "dns-refuses": _both("HD510", client=_diagnosed("HD510"), host=_diagnosed("HD510")),
    "dns-truncated-without-tcp": _both("HD510", client=_diagnosed("HD510"), host=_diagnosed("HD510")),
    # It answers what it needs nobody for, to everybody who asks, and not what it must look up.
    "dns-waits-for-its-upstream": _both("HD510", client=_diagnosed("HD510"), host=_diagnosed("HD510")),
    # The SYN-ACK comes from another station of the client's own link.
    "reply-bypasses-nat": _both("HD306", client=_diagnosed("HD306")),
    "forwarding-off": _both("HD404"),
    "forwarding-off-on-bridge": _both("HD404"),
    # The client proves it by sending; where the narrow link is takes a scan of the machine that has it.
    "mtu-black-hole": _both("HD407", client=_diagnosed("HD407")),
    "mtu-black-hole-elsewhere": _both("HD407", client=_diagnosed("HD407")),
    "port-isolated": _both("HD307"),
    "port-disabled": _both("HD307"),
    "port-learns-and-floods-nothing": _both("HD307"),
    "port-down": _both("HD307"),
}
