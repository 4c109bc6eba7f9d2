"""Three-valued answers (yes, no, unknown) and packet marks of which only some bits are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

ALL_BITS = 0xFFFFFFFF


class Truth(Enum):
    """Does it hold? UNKNOWN where the packet's description or the ruleset's text does not tell."""

    NO = 0
    UNKNOWN = 1
    YES = 2

    @classmethod
    def of(cls, value: bool | None) -> Truth:
        """Truth of a bool; None is UNKNOWN."""
        return cls.UNKNOWN if value is None else cls.YES if value else cls.NO

    def negated(self, negate: bool = True) -> Truth:
        """The opposite where `negate`, else itself; UNKNOWN stays UNKNOWN."""
        return Truth(2 - self.value) if negate else self

    @property
    def known(self) -> bool | None:
        """As bool, None for UNKNOWN."""
        return None if self is Truth.UNKNOWN else self is Truth.YES


def every(truths: Iterable[Truth]) -> Truth:
    """Conjunction: the least certain of all, YES for none."""
    return min(truths, key=lambda truth: truth.value, default=Truth.YES)


@dataclass(frozen=True)
class Mark:
    """A packet's mark (32 bits); only bits set in `known` are told by `value`. A fresh packet has mark 0."""

    value: int = 0
    known: int = ALL_BITS

    def changed(self, keep: int, flip: int) -> Mark:
        """The mark after `(mark & keep) ^ flip`, the form of all MARK targets (iptables-extensions(8), MARK)."""
        known = (self.known | ~keep) & ALL_BITS
        return Mark(((self.value & keep) ^ flip) & known, known)

    def equals(self, value: int, mask: int) -> Truth:
        """Is `mark & mask == value`?"""
        if value & ~mask or (self.value ^ value) & mask & self.known:
            return Truth.NO
        return Truth.YES if not mask & ~self.known & ALL_BITS else Truth.UNKNOWN

    def merged(self, other: Mark) -> Mark:
        """What is known where either mark may be the case."""
        known = self.known & other.known & ~(self.value ^ other.value)
        return Mark(self.value & known, known)


UNKNOWN_MARK = Mark(0, 0)
NO_MARK = Mark()
