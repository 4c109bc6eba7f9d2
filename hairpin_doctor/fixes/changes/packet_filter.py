"""Rules of the packet filters: one of ours is put in, and found again to be taken out."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import Literal

from hairpin_doctor.fixes.changes.change import Change

IPTABLES = {4: "iptables", 6: "ip6tables"}
"""The tool for packets of each version of IP."""


@dataclass(frozen=True)
class IptablesRule(Change):
    """A rule, in the words of iptables(8), at the head (`insert`) or the end of a chain. Found again by its words."""

    tool: str
    table: str
    chain: str
    rule: str
    insert: bool = True
    present: bool = True

    def commands(self) -> tuple[str, ...]:
        """-I, -A or -D."""
        return (self._command(self.present),)

    def undo(self) -> tuple[str, ...]:
        """The opposite."""
        return (self._command(not self.present),)

    def _command(self, present: bool) -> str:
        option = ("-I" if self.insert else "-A") if present else "-D"
        return f"{self.tool} -t {self.table} {option} {quote(self.chain)} {self.rule}"


@dataclass(frozen=True)
class NftRule(Change):
    """A rule, in the words of nft(8), at the head of a chain. Found again by its comment, which is ours."""

    family: Literal["ip", "ip6", "inet", "arp", "bridge", "netdev"]
    table: str
    chain: str
    rule: str
    comment: str
    present: bool = True

    def commands(self) -> tuple[str, ...]:
        """nft insert or delete."""
        return (self._command(self.present),)

    def undo(self) -> tuple[str, ...]:
        """The opposite."""
        return (self._command(not self.present),)

    def _command(self, present: bool) -> str:
        where = " ".join((self.family, quote(self.table), quote(self.chain)))
        if present:
            return f"nft insert rule {where} {self.rule} comment {self.comment}"
        found = f"sed -n 's/.*\"{self.comment}\" # handle //p' | head -n1"
        return f"nft delete rule {where} handle $(nft -a list chain {where} | {found})"


@dataclass(frozen=True)
class UnusedChain(Change):
    """A chain that a rule of ours brought along is gone, and its empty table too; only where no rule stands in it."""

    family: Literal["ip", "ip6"]
    table: str
    chain: str

    def commands(self) -> tuple[str, ...]:
        """nft delete chain."""
        return (f"nft delete chain {self.family} {quote(self.table)} {quote(self.chain)}",)

    def undo(self) -> tuple[str, ...]:
        """Only ever an undo itself."""
        return ()
