"""What the doctor must say on networks other than the homelab, on faults that no rule describes, and of two faults at once.

As in expected.py: written by hand, per vantage point.
"""

from __future__ import annotations

from collections.abc import Mapping

from hairpin_doctor.lab.cases.case import Expected, Vantage

Expectations = Mapping[Vantage, Expected]

HEALTHY = Expected("healthy", ())
PING_IS_SILENT = Expected("healthy", ("HD001",))
ON_THE_BRIDGE = Expected("healthy", ("HD001", "HD002"))


def _expect(client: Expected, host: Expected, both: Expected) -> Expectations:
    return {"client": client, "host": host, "both": both}


_WELL = _expect(PING_IS_SILENT, HEALTHY, PING_IS_SILENT)
_WELL_ON_THE_BRIDGE = _expect(PING_IS_SILENT, HEALTHY, ON_THE_BRIDGE)
_ANSWERS_PING = _expect(HEALTHY, HEALTHY, HEALTHY)
# No rule describes it. The client cannot tell, the host itself is served, and both together leave it unexplained.
_UNEXPLAINED = _expect(Expected("undetermined", ()), HEALTHY, Expected("unexplained", ()))
# The host itself does not get through either, and cannot tell whether a client does.
_UNEXPLAINED_ON_THE_HOST_TOO = {**_UNEXPLAINED, "host": Expected("undetermined", ())}
# Nothing that is sent to the bridge's MAC shows up behind it: HD302 is then possible, and never more.
_SUSPECT = {**_UNEXPLAINED, "both": Expected("unexplained", (), allowed=("HD302",))}
# The client's own entry is wrong, which it sees by itself.
_OWN_ENTRY = Expected("diagnosed", ("HD205",))


def _named(*codes: str, client: Expected, host: Expected) -> Expectations:
    """What both together name; of two faults at once, in the order to mend them in."""
    return _expect(client, host, Expected("diagnosed", codes))


_UNDETERMINED = Expected("undetermined", ())

EXPECTED: Mapping[str, Expectations] = {
    "plain-nic": _WELL,
    "client-behind-router": _WELL,
    "client-is-a-pod": _WELL,
    "client-is-the-node": _ANSWERS_PING,  # the node's own path says nothing of a client's, nor of ping
    "routed-pods": _WELL,
    "client-is-a-routed-pod": _WELL,
    "homelab-from-the-lan": _WELL_ON_THE_BRIDGE,
    "homelab-from-behind-router": _WELL,
    "homelab-from-a-pod": _WELL,
    "two-nodes-cluster": _WELL,
    "source-address-hidden": _expect(PING_IS_SILENT, HEALTHY, Expected("healthy", ("HD001", "HD509"))),
    "two-nodes-endpoint-node": _WELL,
    "two-nodes-local": _WELL,
    "two-nodes-local-other-node": _WELL,
    "two-nics-in-one-lan": _WELL,
    "two-nics-announced-on-second": _WELL,
    "macvtap-beside-sibling": _WELL,
    "kube-vip": _expect(HEALTHY, HEALTHY, Expected("healthy", ("HD002",))),
    "keepalived": _ANSWERS_PING,
    "docker-on-the-host": _WELL_ON_THE_BRIDGE,
    "bgp-beside-l2": _WELL,
    "bgp-and-l2-for-one-vip": _WELL,
    "arp-listeners-beside-announcer": _WELL_ON_THE_BRIDGE,
    "one-interface-per-vip": _WELL_ON_THE_BRIDGE,
    # The VIP that nobody answers for is diagnosed; the one beside it has its notes all the same.
    "one-vip-unannounced": _expect(
        Expected("undetermined", ("HD001",)), HEALTHY, Expected("diagnosed", ("HD201", "HD001", "HD002"))
    ),
    "unknown-tap-ingress-drop": _UNEXPLAINED,
    "unknown-uplink-ingress-drop": _UNEXPLAINED,
    "unknown-tap-tc-drop": _SUSPECT,
    "unknown-bridge-input-drop": _SUSPECT,
    "unknown-bridge-prerouting-drop": _SUSPECT,
    "unknown-switch-drop": _SUSPECT,
    "unknown-notrack": _SUSPECT,
    "unknown-pod-link-down": _UNEXPLAINED_ON_THE_HOST_TOO,
    "unknown-backend-hangs": _UNEXPLAINED_ON_THE_HOST_TOO,
    "unknown-pod-filters": _UNEXPLAINED_ON_THE_HOST_TOO,
    "unknown-host-misled": _UNEXPLAINED,
    # The host's own connections take no such way: it is served.
    "unknown-hops-used-up": _UNEXPLAINED,
    "unknown-tracking-zone": _UNEXPLAINED,
    "unknown-quota-used-up": _UNEXPLAINED,
    "unknown-pod-without-gateway": _UNEXPLAINED,
    # The VM hears nobody at all: its own link comes first, and who announces cannot be said.
    "unknown-link-deaf": {**_UNEXPLAINED, "both": Expected("undetermined", ())},
    # What the laptop sees is what HD201 says: nobody answers, and no cause for that is visible.
    "unknown-arp-answers-lost": _UNEXPLAINED,
    "unknown-arp-lost": {**_UNEXPLAINED, "both": Expected("diagnosed", ("HD201",))},
    "bgp-and-stale-neighbour": _named("HD601", client=Expected("diagnosed", ("HD601",)), host=_UNDETERMINED),
    "deaf-and-stale-neighbour": _named("HD104", client=_UNDETERMINED, host=_UNDETERMINED),
    "port-mac-and-stale-neighbour": _named("HD205", "HD301", client=_OWN_ENTRY, host=HEALTHY),
    "rp-filter-and-stale-neighbour": _named("HD205", "HD401", client=_OWN_ENTRY, host=_UNDETERMINED),
    "rp-filter-and-floods": _named(
        "HD401", "HD309", client=_UNDETERMINED, host=Expected("undetermined", ("HD309",))
    ),
    "flux-and-floods": _expect(
        PING_IS_SILENT,
        Expected("healthy", ("HD208", "HD309")),
        Expected("healthy", ("HD208", "HD309", "HD001")),
    ),
    "twice-and-floods": _expect(
        PING_IS_SILENT,
        Expected("healthy", ("HD309",)),
        Expected("healthy", ("HD106", "HD309", "HD001"), allowed=("HD002",)),
    ),
    # The VM hears nobody while it has the bridge's MAC: that the VIP is routed shows afterwards.
    "duplicate-mac-and-bgp": _named("HD310", client=_UNDETERMINED, host=Expected("undetermined", ("HD310",))),
    "proxy-arp-and-stale-neighbour": _named(
        "HD205", "HD206", client=Expected("diagnosed", ("HD205", "HD206")), host=HEALTHY
    ),
    "stolen-frames-and-stale-neighbour": _named("HD205", "HD303", client=_OWN_ENTRY, host=_UNDETERMINED),
    "two-vips-two-faults": _named("HD205", "HD201", client=_OWN_ENTRY, host=HEALTHY),
    "deaf-and-firewall": _named("HD104", client=_UNDETERMINED, host=_UNDETERMINED),
    "rp-filter-and-firewall": _named("HD401", "HD405", client=_UNDETERMINED, host=_UNDETERMINED),
    "bgp-and-forwarding-off": _named("HD601", client=Expected("diagnosed", ("HD601",)), host=_UNDETERMINED),
    "stale-neighbour-and-firewall": _named("HD205", client=_OWN_ENTRY, host=HEALTHY),
    # The router's word: nobody answers it. Who should have, the host tells.
    "remote-nobody-announces": _named("HD201", client=_UNDETERMINED, host=HEALTHY),
    "plain-nic-nobody-announces": _named("HD201", client=_UNDETERMINED, host=HEALTHY),
    "plain-nic-bgp-same-subnet": _named(
        "HD601", client=Expected("diagnosed", ("HD601",)), host=_UNDETERMINED
    ),
    "routed-pods-bgp-same-subnet": _named(
        "HD601", client=Expected("diagnosed", ("HD601",)), host=_UNDETERMINED
    ),
    # A BGP session with the gateway is no evidence while the gateway has no route to the VIP.
    "calico-session-nobody-announces": _named("HD201", client=_UNDETERMINED, host=_UNDETERMINED),
    "plain-nic-stale-neighbour": _named("HD205", client=_OWN_ENTRY, host=HEALTHY),
    "routed-pods-forwarding-off": _named("HD404", client=_UNDETERMINED, host=_UNDETERMINED),
    "routed-pods-firewall": _named("HD405", client=_UNDETERMINED, host=HEALTHY),
    "remote-client-backend-refuses": _named(
        "HD503", client=_UNDETERMINED, host=Expected("diagnosed", ("HD503",))
    ),
    "two-nodes-backend-refuses": _named(
        "HD503", client=_UNDETERMINED, host=Expected("diagnosed", ("HD503",))
    ),
    "two-nics-strict-filter": _named("HD401", client=_UNDETERMINED, host=HEALTHY),
    "answers-discarded-by-policy": _named("HD406", client=_UNDETERMINED, host=HEALTHY),
    # The host itself does not get through to its pod, and its own routing says why.
    "policy-route-captures-requests": _named(
        "HD406", client=_UNDETERMINED, host=Expected("diagnosed", ("HD406",))
    ),
    "pod-behind-a-blackhole": _named("HD508", client=_UNDETERMINED, host=Expected("diagnosed", ("HD508",))),
    # The host itself is served, and its session says nothing of the VIP by itself.
    "bgp-session-down": _named("HD602", client=_UNDETERMINED, host=HEALTHY),
    # A session, and nobody who listens for ARP in the VIP's subnet: HD601 is suspected until a client is seen.
    "bgp-not-advertised": _named("HD603", client=_UNDETERMINED, host=_UNDETERMINED),
    # The client sees from whom the answer comes; the host alone sees no client.
    "bgp-other-subnet-stateful": _named("HD403", client=Expected("diagnosed", ("HD403",)), host=HEALTHY),
    # The host's own connections to the other node's endpoint are lost too.
    "cross-node-not-forwarded": _named("HD508", client=_UNDETERMINED, host=Expected("diagnosed", ("HD508",))),
    "cross-node-wrong-next-hop": _named(
        "HD508", client=_UNDETERMINED, host=Expected("diagnosed", ("HD508",))
    ),
    # The other node sends packets on to its pod: only a scan there tells whether the pod or the way is at fault.
    "cross-node-pod-filters": {**_UNEXPLAINED_ON_THE_HOST_TOO, "both": _UNDETERMINED},
    # The scanned node does not get through to the other one's endpoint either.
    "beyond-other-node-filters": _UNEXPLAINED_ON_THE_HOST_TOO,
    "beyond-other-node-does-not-announce": {**_UNEXPLAINED, "both": Expected("diagnosed", ("HD201",))},
    # Behind a router: what it does with the packets no scanned machine sees.
    "beyond-router-filters": {**_UNEXPLAINED, "both": _UNDETERMINED},
    "beyond-router-remembers-wrongly": {**_UNEXPLAINED, "both": _UNDETERMINED},
    "client-drops-answers": _named("HD405", client=Expected("diagnosed", ("HD405",)), host=HEALTHY),
    "client-drops-queries": _named("HD405", client=Expected("diagnosed", ("HD405",)), host=HEALTHY),
    # The host's entry is permanent, so that it asks by broadcast where the client hangs: on a plain NIC, behind no bridge.
    "beyond-client-address-doubled": _UNEXPLAINED,
}
