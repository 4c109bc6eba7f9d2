"""What a rule is: one root cause, judged over the whole network for one VIP."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from hairpin_doctor.fixes.fix import Fix
from hairpin_doctor.network import Network
from probes.target import Address

SECTIONS = ("Why", "Seen as", "Told apart from", "By hand", "Fix", "Unsure when", "References")


class Severity(StrEnum):
    """How bad: traffic fails now; works but others suffer or a named event breaks it; worth knowing."""

    BROKEN = "broken"
    LATENT = "latent"
    NOTE = "note"


class Confidence(StrEnum):
    """How sure: an experiment or the kernel's own word; the evidence fits and look-alikes are ruled out; one of several."""

    PROVEN = "proven"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Ipv6(StrEnum):
    """Whether a rule may judge IPv6 VIPs. A guess would be worse than no answer: what no lab case proved, it may not.

    NEVER: its mechanism is IPv4's own.
    """

    PROVEN = "proven"
    UNPROVEN = "not yet proven"
    NEVER = "does not apply"


@dataclass(frozen=True)
class Diagnosis:
    """The cause holds. `because` is this case's evidence, one sentence each; `ruled_out` what else it could have been.

    Where the code alone does not tell at which hop packets are lost: `at` is the machine and its interface, `lost` whether
    it is the client's requests or the answers to them. `clients`: names of those for whom it was shown; empty where it is no
    matter of one client.
    """

    summary: str
    because: tuple[str, ...]
    severity: Severity
    confidence: Confidence
    fixes: tuple[Fix, ...] = ()
    ruled_out: tuple[str, ...] = ()
    at: tuple[str, str] | None = None
    lost: Literal["requests", "answers"] | None = None
    clients: tuple[str, ...] = ()

    @property
    def breaks(self) -> bool:
        """Whether traffic fails by it, and that is more than possible."""
        return self.severity is Severity.BROKEN and self.confidence is not Confidence.POSSIBLE


@dataclass(frozen=True)
class Cleared:
    """The cause does not hold here, and the reason."""

    reason: str


@dataclass(frozen=True)
class Undetermined:
    """Cannot be judged: what is missing and how to get it. `suspected` where the evidence at hand points to it."""

    missing: str
    how_to_get: str
    suspected: bool = False


Verdict = Diagnosis | Cleared | Undetermined


@dataclass(frozen=True)
class Rule:
    """A registered rule. `explains` names codes that are mere consequences where this one holds.

    `needs_cluster`: it judges by the cluster's word alone, and is left out where no cluster was asked. `ipv6`: whether it
    judges IPv6 VIPs at all.
    """

    code: str
    slug: str
    title: str
    severity: Severity
    judge: Callable[[Network, Address], Verdict] = field(repr=False)
    documentation: str = field(repr=False)
    explains: tuple[str, ...] = ()
    needs_cluster: bool = False
    ipv6: Ipv6 = Ipv6.UNPROVEN

    def section(self, name: str) -> str:
        """One of the fixed sections of its documentation."""
        pattern = rf"^{re.escape(name)}: (.*?)(?=^(?:{'|'.join(map(re.escape, SECTIONS))}): |\Z)"
        found = re.search(pattern, self.documentation, re.MULTILINE | re.DOTALL)
        return found[1].strip() if found else ""


def rule(
    code: str,
    slug: str,
    severity: Severity,
    *,
    explains: tuple[str, ...] = (),
    needs_cluster: bool = False,
    ipv6: Ipv6 = Ipv6.UNPROVEN,
) -> Callable[[Callable[[Network, Address], Verdict]], Rule]:
    """Make a rule of a function; its module's docstring is its documentation, the first line the cause as a statement."""

    def register(judge: Callable[[Network, Address], Verdict]) -> Rule:
        documentation = inspect.cleandoc(sys.modules[judge.__module__].__doc__ or "")
        title = documentation.partition("\n")[0].rstrip(".")
        return Rule(code, slug, title, severity, judge, documentation, explains, needs_cluster, ipv6)

    return register
