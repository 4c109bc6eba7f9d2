"""The secret that decides what replaces what. Who has it can join reports, or guess a name and check the guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

SHORTEST = 16
FINGERPRINT = 8


@dataclass(frozen=True)
class Key:
    """At least 16 secret bytes, at most 64 of which count; equal keys replace equal things by equal things."""

    secret: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """What tells two keys apart and gives neither away: 16 hexadecimal digits."""
        return blake2b(b"fingerprint", key=self.secret[:64], digest_size=FINGERPRINT).hexdigest()

    def below(self, bound: int, *where: str) -> int:
        """A number from 0 to `bound` - 1 that seems random, but is always the same at the same place."""
        place = "\0".join(where).encode("utf-8", "surrogatepass")
        found = blake2b(place, key=self.secret[:64], digest_size=8).digest()
        return int.from_bytes(found, "big") % bound

    def digits(self, count: int, *where: str) -> str:
        """`count` hexadecimal digits, at most 32, that seem random: for what need not be replaced one to one by form."""
        place = "\0".join(where).encode("utf-8", "surrogatepass")
        return blake2b(place, key=self.secret[:64], digest_size=16).hexdigest()[:count]
