"""The rulesets of a recording, rule by rule and without counters, and what they make of each VIP."""

from __future__ import annotations

from collections.abc import Iterator

from hairpin_doctor.recording import Recording, ReplayingHost
from probes.host import Unanswered
from probes.rulesets.model import Ruleset
from probes.rulesets.read import families_of, read_rulesets
from probes.service_rules import ProgrammedPort, service_rules


def rules(recording: Recording) -> Iterator[tuple[str, str]]:
    """(What, value) of every programmed port of a VIP, every chain's policy and every rule; nothing where none was read."""
    host = ReplayingHost(recording)
    try:
        ports = service_rules.look(host, recording.scope).ports
        found = read_rulesets(host, families_of(recording.scope))
    except Unanswered:
        return
    for port in ports:
        yield f"service {port.vip}:{port.port}/{port.protocol} ({port.backend})", _port(port)
    for ruleset in found.read:
        yield from _of(ruleset)


def _port(port: ProgrammedPort) -> str:
    if port.kind != "dnat":
        return port.kind
    hidden = {True: ", clients hidden", False: ", clients seen", None: ""}[port.masquerade]
    return f"to {', '.join(sorted(map(str, port.endpoints))) or 'nowhere'}{hidden}"


def _of(ruleset: Ruleset) -> Iterator[tuple[str, str]]:
    for base in ruleset.bases:
        yield f"policy of {base.name} ({ruleset.backend}, {base.table})", base.policy
    for (table, name), chain in ruleset.chains.items():
        for rule in chain.rules:
            place = "" if rule.text.startswith("-A ") else f" {name}"
            yield f"rule ({ruleset.backend}, {table}{place}): {rule.text}", "there"
