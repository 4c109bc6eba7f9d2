"""Membership of bridge ports in VLANs, by bridge(8): it reads and sets what rtnetlink packs into ranges."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hairpin_doctor.fixes.changes import BridgeVlan, Change
from hairpin_doctor.fixes.changes.bridges import Membership
from hairpin_doctor.machine.changing.found import SO, CannotChange, Found, NoInterface
from hairpin_doctor.machine.changing.tools import ToolFailed, run_tool

PVID, UNTAGGED = "PVID", "Egress Untagged"


def find_vlan(change: BridgeVlan) -> Found:
    """The membership, and which VLAN is the port's access VLAN, from which a new one takes that."""
    flags_of = dict(_vlans(change.device))
    now = _membership(flags_of.get(change.vlan), change)
    if now == change.membership:
        return SO
    back: tuple[Change, ...] = (replace(change, membership=now, before=change.membership),)
    access = next((vlan for vlan, flags in flags_of.items() if PVID in flags), None)
    if change.membership == "access" and access not in (None, change.vlan):
        former = _membership(flags_of[access], change)
        back = (*back, replace(change, vlan=access, membership=former, before="none"))
    return Found(False, back)


def _membership(flags: set[str] | None, change: BridgeVlan) -> Membership:
    if flags is None:
        return "none"
    if flags == {PVID}:
        raise CannotChange(
            f"VLAN of {change.device} takes untagged frames in and tags them going out: set it by hand"
        )
    return "access" if PVID in flags else "untagged" if UNTAGGED in flags else "tagged"


def _vlans(device: str) -> Iterator[tuple[int, set[str]]]:
    """Each VLAN with its flags."""
    try:
        entries: list[Any] = json.loads(run_tool(["bridge", "-json", "vlan", "show", "dev", device]) or "[]")
    except ToolFailed as error:
        if "Cannot find" in error.words:
            raise NoInterface(f"there is no interface {device}") from None
        raise
    for vlan in (each for entry in entries for each in entry.get("vlans", [])):
        for number in range(vlan["vlan"], vlan.get("vlanEnd", vlan["vlan"]) + 1):
            yield number, set(vlan.get("flags", []))


def set_vlan(change: BridgeVlan) -> None:
    """Add, alter or delete it."""
    where = ["dev", change.device, "vid", str(change.vlan)]
    words = {"access": ["pvid", "untagged"], "untagged": ["untagged"]}.get(change.membership, [])
    verb = "del" if change.membership == "none" else "add"
    scope = ["self"] if change.scope == "self" else []
    run_tool(["bridge", "vlan", verb, *where, *scope, *(words if verb == "add" else [])])
