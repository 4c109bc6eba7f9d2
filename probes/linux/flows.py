"""Which tracked UDP flows carry packets: each one sets the entry's remaining time anew (nf_ct_refresh_acct).

The time is told in whole seconds; one that has fallen by clearly less than the clock has risen was set anew.
"""

from __future__ import annotations

import errno
import socket
import time
from typing import Any

from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.nfnetlink.nfctsocket import NFCTAttrTuple, NFCTSocket

from probes.questions.firewall import FlowDirection, UsedFlows

UDP = 17
LOOK_EVERY_S = 0.25
ROUNDING_S = 1.1  # of two readings in whole seconds


def used_flows(question: UsedFlows) -> tuple[FlowDirection, ...]:
    """Look again and again at each entry, until all were used or the time is over. An entry that ends is not in use."""
    start = time.monotonic()
    first = {flow: _seconds_left(flow) for flow in question.flows}
    used: set[FlowDirection] = set()
    while len(used) < len(first) and time.monotonic() - start < question.watch_ms / 1000:
        time.sleep(LOOK_EVERY_S)
        for flow, before in first.items():
            now = _seconds_left(flow)
            passed = time.monotonic() - start
            if before is not None and now is not None and now + passed - before > ROUNDING_S:
                used.add(flow)
    return tuple(flow for flow in question.flows if flow in used)


def _seconds_left(flow: FlowDirection) -> int | None:
    """The remaining time of its entry, None where there is none any more."""
    family = socket.AF_INET if flow.source.version == 4 else socket.AF_INET6
    wanted = NFCTAttrTuple(
        family=family,
        saddr=str(flow.source),
        daddr=str(flow.destination),
        proto=UDP,
        sport=flow.source_port,
        dport=flow.destination_port,
    )
    try:
        with NFCTSocket(nfgen_family=family) as netlink:
            answers: list[Any] = netlink.entry("get", tuple_orig=wanted)
    except NetlinkError as error:
        if error.code in (errno.EPERM, errno.EACCES):
            raise PermissionError(str(error)) from None
        if error.code == errno.ENOENT:
            return None
        raise OSError(error.code, str(error)) from None
    left = (each.get("CTA_TIMEOUT") for each in answers)
    return next((int(each) for each in left if each is not None), None)
