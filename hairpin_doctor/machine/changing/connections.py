"""Entries of connection tracking."""

from __future__ import annotations

import errno
import os
import socket

from hairpin_doctor.fixes.changes import ForgottenFlow
from hairpin_doctor.machine.changing.found import SO, CannotChange, Found

UDP = 17


def find_flow(change: ForgottenFlow) -> Found:
    """Whether it is forgotten already. There is no undo: a flow that is in use is tracked anew by its next packet."""
    return Found(False) if _carry_out("get", change) else SO


def forget_flow(change: ForgottenFlow) -> None:
    """Delete the entry; one that has ended meanwhile is as good."""
    _carry_out("del", change)


def _carry_out(verb: str, change: ForgottenFlow) -> bool:
    """Whether there was such an entry. Raises CannotChange."""
    from pyroute2.netlink.exceptions import NetlinkError
    from pyroute2.netlink.nfnetlink.nfctsocket import NFCTAttrTuple, NFCTSocket

    family = socket.AF_INET6 if ":" in change.source else socket.AF_INET
    flow = NFCTAttrTuple(
        family=family,
        saddr=change.source,
        daddr=change.destination,
        proto=UDP,
        sport=change.source_port,
        dport=change.destination_port,
    )
    try:
        with NFCTSocket(nfgen_family=family) as netlink:
            netlink.entry(verb, tuple_orig=flow)
    except NetlinkError as error:
        if error.code == errno.ENOENT:
            return False
        raise CannotChange(
            f"the flow of {change.source} to {change.destination}: {os.strerror(error.code)}"
        ) from None
    return True
