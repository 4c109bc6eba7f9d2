"""An id of the machine that stays through reboots: derived from machine-id(5), which itself is a secret."""

from __future__ import annotations

import hmac
from pathlib import Path

OURS = bytes.fromhex("5d4c9d0e7e0f4c3c9b570d9a6a9e3f11")
NAMED_NAMESPACES = Path("/run/netns")  # ip-netns(8)


def machine_id(network_namespace: int, root: Path = Path("/")) -> str | None:
    """As sd_id128_get_machine_app_specific(3) derives it, 32 hex digits; None where the machine has no id.

    `network_namespace`: the inode of the one that is looked at. One with a name is a network of its own on this machine,
    as several may be: the machine's id does not tell them apart, and they have none.
    """
    if network_namespace in _named():
        return None
    try:
        found = bytes.fromhex((root / "etc/machine-id").read_text().strip())
    except (OSError, ValueError):
        return None
    return _derived(found) if len(found) == 16 and any(found) else None


def _named() -> set[int]:
    try:
        return {path.stat().st_ino for path in NAMED_NAMESPACES.iterdir()}
    except OSError:
        return set()


def _derived(machine: bytes) -> str:
    """HMAC-SHA256 of our id by the machine's, cut to 128 bits and marked as a UUID of version 4 (RFC 9562)."""
    found = bytearray(hmac.digest(machine, OURS, "sha256")[:16])
    found[6] = (found[6] & 0x0F) | 0x40
    found[8] = (found[8] & 0x3F) | 0x80
    return found.hex()
