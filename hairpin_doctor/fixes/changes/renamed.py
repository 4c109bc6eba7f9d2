"""A change of an interface that somebody has renamed meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TypeVar

from hairpin_doctor.fixes.changes.change import Change
from hairpin_doctor.fixes.changes.packet_filter import IptablesRule, NftRule, UnusedChain
from hairpin_doctor.fixes.changes.sysctl import Sysctl

NAMES = ("name", "device", "port", "bridge", "base")
BY_ITS_TEXT = (IptablesRule, NftRule, UnusedChain)  # a rule keeps the name that it was made with
Some = TypeVar("Some", bound=Change)


def renamed(change: Some, names: Mapping[str, str]) -> Some:
    """The same change of the same interface; `names`: what it was called -> what it is called now."""
    if isinstance(change, BY_ITS_TEXT):
        return change
    if isinstance(change, Sysctl):
        before = change.interface
        if before is None or before not in names:
            return change
        return replace(change, name=change.name.replace(f"/{before}/", f"/{names[before]}/", 1))
    found = {each.name: getattr(change, each.name) for each in fields(change) if each.name in NAMES}
    return replace(change, **{field: names[name] for field, name in found.items() if name in names})
