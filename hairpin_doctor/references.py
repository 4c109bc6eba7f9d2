"""Where a reference leads: RFCs, files of the kernel, manual pages and public threads are named briefly and linked fully."""

from __future__ import annotations

import re
from dataclasses import dataclass

KERNEL = "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree"
FORMS = (
    (re.compile(r"RFC (\d+)"), r"https://www.rfc-editor.org/rfc/rfc\1"),
    (re.compile(r"((?:net|drivers|Documentation|include)/[\w./-]+\.(?:c|h|rst))"), rf"{KERNEL}/\1"),
    (re.compile(r"([\w-]+)\((\d)\)"), r"https://manpages.debian.org/\1.\2"),
    (re.compile(r"([\w.-]+/[\w.-]+)#(\d+)"), r"https://github.com/\1/issues/\2"),
    (re.compile(r"(https://\S+)"), r"\1"),
)


class BadReference(ValueError):
    """A reference of no known form; the message is the reference."""


@dataclass(frozen=True)
class Reference:
    """`name` as written, such as `net/ipv4/arp.c` or `metallb/metallb#531`, and its address."""

    name: str
    url: str


def references(text: str) -> tuple[Reference, ...]:
    """The references in a text that parts them by semicolons and ends with a full stop. Raises BadReference."""
    names = (" ".join(part.split()) for part in text.strip().removesuffix(".").split(";"))
    return tuple(Reference(name, _url(name)) for name in names if name)


def _url(name: str) -> str:
    for form, address in FORMS:
        found = form.fullmatch(name)
        if found:
            return found.expand(address)
    raise BadReference(name)
