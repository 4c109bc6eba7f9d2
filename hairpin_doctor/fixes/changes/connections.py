"""Entries of connection tracking. Addresses are text, as a report writes them."""

from __future__ import annotations

from dataclasses import dataclass

from hairpin_doctor.fixes.changes.change import Change


@dataclass(frozen=True)
class ForgottenFlow(Change):
    """A tracked UDP flow, as its client sends it, is forgotten; its next packet is translated anew."""

    source: str
    source_port: int
    destination: str
    destination_port: int

    def commands(self) -> tuple[str, ...]:
        """Conntrack -D."""
        ports = f"--sport {self.source_port} --dport {self.destination_port}"
        return (f"conntrack -D -p udp -s {self.source} -d {self.destination} {ports}",)

    def undo(self) -> tuple[str, ...]:
        """Nothing: what is remembered comes and goes."""
        return ()
