"""Text from outside (host names, interface names, rules, reports) made harmless for a terminal."""

from __future__ import annotations

import re

# C0 and C1 controls (ESC starts sequences, also as 0x9b), line and paragraph separators, direction overrides that can
# make a command read other than it is (CVE-2021-42574), lone surrogates.
DANGEROUS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
ASCII = str.maketrans(
    {"–": "-", "—": "-", "×": "x", "√": "+", "‼": "!", "→": "->", "…": "...", "·": "*", "≥": ">=", "≤": "<="}
)


def printable(text: str) -> str:
    """One line: whatever could steer a terminal is shown as an escape such as \\x1b."""
    return DANGEROUS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def printable_block(text: str) -> str:
    """Several lines, each made harmless."""
    return "\n".join(printable(line) for line in text.split("\n"))


def ascii_only(text: str) -> str:
    """For terminals without Unicode: signs become ASCII ones, the rest a question mark."""
    return text.translate(ASCII).encode("ascii", "replace").decode("ascii")
