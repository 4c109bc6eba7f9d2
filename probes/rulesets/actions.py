"""What a rule does with a packet that it matches."""

from __future__ import annotations

from dataclasses import dataclass

from probes.rulesets.lookup import Lookup
from probes.rulesets.verdicts import Decide, Destination, Jump, Return


@dataclass(frozen=True)
class Translate:
    """DNAT or REDIRECT to one of these; none where the dump does not tell which."""

    destinations: tuple[Destination, ...]


@dataclass(frozen=True)
class HideSource:
    """MASQUERADE or SNAT: the backend sees an address of this machine instead of the client's."""


@dataclass(frozen=True)
class ChangeMark:
    """`mark = (mark & keep) ^ flip`."""

    keep: int
    flip: int


@dataclass(frozen=True)
class ForgetMark:
    """The mark becomes something the dump does not tell (connmark restore, computed values)."""


@dataclass(frozen=True)
class Unclear:
    """Something that may do anything to the packet (a target hidden by `nft -j`, a queue to a program)."""

    text: str


@dataclass(frozen=True)
class TranslateByMap:
    """DNAT to what the map yields."""

    lookup: Lookup


Action = (
    Decide
    | Jump
    | Return
    | Translate
    | TranslateByMap
    | HideSource
    | ChangeMark
    | ForgetMark
    | Unclear
    | Lookup
)
