"""Near matches for a name that was mistyped."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean arp or icmp?`, or nothing."""
    by_lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(word.lower(), by_lower, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(by_lower[each] for each in near)}?" if near else ""
