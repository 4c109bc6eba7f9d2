"""Maps and sets that are looked up by fields of the packet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from probes.rulesets.fields import Field, member, read
from probes.rulesets.packet import Packet
from probes.rulesets.truth import Truth, every
from probes.rulesets.values import Scalar, Values
from probes.rulesets.verdicts import Destination, Verdict


@dataclass(frozen=True)
class Element:
    """One element of a map: its key per field, what it leads to, and its comment."""

    key: tuple[Values, ...]
    leads_to: Verdict | Destination | None
    text: str
    comment: str | None = None


@dataclass(frozen=True)
class Lookup:
    """A map looked up by the packet's fields (nft `vmap`, or `dnat to ... map`).

    `exhaustive`: every possible key has an element, as for `numgen random mod 2` with two elements.
    `complete` is false where the kernel may hold elements that the dump does not tell.
    """

    fields: tuple[Field, ...]
    elements: tuple[Element, ...]
    exhaustive: bool = False
    complete: bool = True

    @cached_property
    def _exact(self) -> dict[tuple[Scalar, ...], Element]:
        found: dict[tuple[Scalar, ...], Element] = {}
        for element in self.elements:
            if all(len(part.exact) == 1 and not part.ranges and not part.prefixes for part in element.key):
                found.setdefault(tuple(next(iter(part.exact)) for part in element.key), element)
        return found

    @cached_property
    def _others(self) -> tuple[Element, ...]:
        exact = {id(element) for element in self._exact.values()}
        return tuple(element for element in self.elements if id(element) not in exact)

    def found(self, packet: Packet) -> tuple[tuple[Truth, Element], ...]:
        """The elements that match or may match, with how sure it is."""
        if not self.fields or "unseen" in self.fields:
            return tuple((Truth.UNKNOWN, element) for element in self.elements)
        key = tuple(read(field, packet) for field in self.fields)
        candidates = self.elements
        if None not in key:
            hit = self._exact.get(tuple(part for part in key if part is not None))
            candidates = ((hit,) if hit else ()) + self._others
        judged = ((self._matches(element, packet), element) for element in candidates)
        return tuple((truth, element) for truth, element in judged if truth is not Truth.NO)

    def _matches(self, element: Element, packet: Packet) -> Truth:
        if len(element.key) != len(self.fields):
            return Truth.UNKNOWN
        return every(
            member(field, part, packet) for field, part in zip(self.fields, element.key, strict=True)
        )
