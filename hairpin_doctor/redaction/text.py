"""Any text, redacted: known words and numbers stay, addresses and MACs are mapped, every other word is replaced.

Safe by construction: a word stays only if it is known (see `vocabulary`). A replaced word keeps its length, which of its
characters are digits, small or capital letters, and what it shares with words of the same beginning: each character is
shifted within its alphabet by what the key makes of the characters before it. So names stay names, equal ones equal,
different ones different, and an interface wildcard (`vm-+`) still stands for the same interfaces.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from ipaddress import ip_address, ip_network

from hairpin_doctor.redaction.addresses import Addresses
from hairpin_doctor.redaction.key import Key
from hairpin_doctor.redaction.vocabulary import RANDOM, is_kept
from probes.target import Address

_IPV4 = r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}"
_OCTET = "[0-9A-Fa-f]{2}"
PIECES = re.compile(
    rf"(?P<mac>(?<![0-9A-Fa-f]){_OCTET}(?P<between>[:-])(?:{_OCTET}(?P=between)){{4}}{_OCTET}(?![0-9A-Fa-f:]))"
    r"|(?P<dashed>(?<!\d)(?<!\d-)\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?!-?\d))"  # ip-192-0-2-9, as clouds call machines
    rf"|(?P<range>(?<![\d.]){_IPV4}-{_IPV4}(?![\d.]))"
    rf"|(?P<ipv4>(?<![\d.]){_IPV4}(?:/\d+)?(?![\d]))"
    r"|(?P<ipv6>(?<![\w:])[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:]*(?:\d+(?:\.\d+){3})?(?:/\d+)?)"
    r"|(?P<option>(?<![\w-])-[A-Za-z](?![\w-]))"
    r"|(?P<wildcard>[A-Za-z0-9]+(?=[+*]))"
    r"|(?P<word>[A-Za-z0-9]+)"
    r"|(?P<foreign>[^\x00-\x7f]+)"
)
ALPHABETS = (string.digits, string.ascii_lowercase, string.ascii_uppercase)


class Redactor:
    """What a key makes of texts, addresses and MACs."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self.addresses = Addresses(key)
        self.word = lru_cache(maxsize=None)(self._word)

    def text(self, text: str) -> str:
        """The text with every piece of it replaced that could tell whose it is. Raises CannotRedact for wide ranges."""
        return PIECES.sub(self._piece, text)

    def token(self, text: str) -> str:
        """What stands for a text of which only equality counts."""
        return self._key.digits(32, "token", text)

    def _piece(self, found: re.Match[str]) -> str:
        kind, piece = found.lastgroup, found[0]
        if kind == "mac":
            return self.addresses.mac(piece.lower().replace("-", ":")).replace(":", found["between"])
        if kind == "dashed":
            return self._prefix(piece.replace("-", ".")).replace(".", "-")
        if kind == "range":
            return self._range(piece)
        if kind in ("ipv4", "ipv6"):
            return self._prefix(piece)
        if kind == "foreign":
            return f"x{self._key.digits(12, 'foreign', piece)}"
        if kind == "option":
            return piece
        return self._beginning(piece) if kind == "wildcard" else self.word(piece)

    def _beginning(self, word: str) -> str:
        """What the counted names that begin so begin with when they are replaced."""
        return self.word(f"{word}0")[: len(word)]

    def _range(self, piece: str) -> str:
        low, _, high = piece.partition("-")
        try:
            ends: tuple[Address, Address] = (ip_address(low), ip_address(high))
        except ValueError:
            return self._by_words(piece)
        return "-".join(map(str, self.addresses.ends(*ends)))

    def _prefix(self, piece: str) -> str:
        """An address, with or without a prefix length; what only looks like one is a row of words."""
        host, slash, length = piece.partition("/")
        try:
            address = ip_address(host)
            if not slash or ip_network(piece, strict=False).network_address != address:
                return f"{self.addresses.address(address)}{slash}{length}"
            return str(self.addresses.network(ip_network(piece)))
        except ValueError:
            return self._by_words(piece)

    def _by_words(self, piece: str) -> str:
        return re.sub(r"[A-Za-z0-9]+", lambda found: self.word(found[0]), piece)

    def _word(self, word: str) -> str:
        if is_kept(word):
            return word
        known = RANDOM.fullmatch(word)
        start = known[1] if known else ""
        return self._until_unknown(start, word[len(start) :])

    def _until_unknown(self, start: str, rest: str) -> str:
        """Shifted until it is no word that is kept, which keeps the whole one to one (cycle walking, Black 2002)."""
        while True:
            rest = self._shifted(start, rest)
            whole = start + rest
            known = RANDOM.fullmatch(whole)
            if not is_kept(whole) and (known[1] if known else "") == start:
                return whole

    def _shifted(self, start: str, rest: str) -> str:
        return "".join(self._letter(letter, f"{start}\n{rest[:place]}") for place, letter in enumerate(rest))

    def _letter(self, letter: str, before: str) -> str:
        alphabet = next(each for each in ALPHABETS if letter in each)
        step = self._key.below(len(alphabet), "word", before, alphabet[0])
        return alphabet[(alphabet.index(letter) + step) % len(alphabet)]
