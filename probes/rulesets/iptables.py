"""Read the text of iptables-save (iptables-nft or legacy, either family, with or without counters) into a Ruleset.

Format: `*table`, `:CHAIN POLICY [packets:bytes]`, `[packets:bytes] -A CHAIN ...`, `COMMIT` (iptables-save(8)).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Literal

from probes.rulesets.actions import Unclear
from probes.rulesets.iptables_options import tokens_of
from probes.rulesets.iptables_rule import steps_of
from probes.rulesets.model import BadRuleset, BaseChain, Chain, Rule, RuleCounters, Ruleset

LONGEST_TEXT = 64 * 1024 * 1024
MOST_RULES = 500_000
HOOKS = {
    "PREROUTING": "prerouting",
    "INPUT": "input",
    "FORWARD": "forward",
    "OUTPUT": "output",
    "POSTROUTING": "postrouting",
}
# linux/netfilter_ipv4.h, enum nf_ip_hook_priorities
PRIORITIES = {"raw": -300, "mangle": -150, "filter": 0, "security": 50}
SOURCE_NAT, DESTINATION_NAT = 100, -100
_COUNTED = re.compile(r"\[(\d+):(\d+)\] ")
_CHAIN = re.compile(r":(\S+) (\S+)(?: \[(\d+):(\d+)\])?")
_TRANSLATION = re.compile(r" -j (?:DNAT|REDIRECT)\b|^:KUBE-SERVICES ", re.MULTILINE)
Lines = dict[tuple[str, str], list[tuple[int, str]]]
Variant = Literal["iptables-nft", "iptables-legacy"]


@lru_cache(maxsize=4)
def parse(text: str, backend: Variant, family: Literal[4, 6]) -> Ruleset:
    """The ruleset; rules are compiled when their chain is first used.

    A rule that cannot be read becomes Unclear: it may do anything. Raises BadRuleset with one sentence where the text is
    no dump at all.
    """
    if len(text) > LONGEST_TEXT:
        raise BadRuleset(f"The {backend} ruleset is larger than {LONGEST_TEXT >> 20} MiB.")
    bases: list[BaseChain] = []
    lines: Lines = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":"):
            name, base = _declared(line, number, table, backend, family)
            lines.setdefault((table, name), [])
            bases += [base] if base else []
        elif line.startswith(("-A ", "[")):
            _keep(line, number, table, backend, lines)
    kept = sum(map(len, lines.values()))
    if kept > MOST_RULES:
        raise BadRuleset(f"The {backend} ruleset has more than {MOST_RULES} rules.")
    chains = {key: Chain(key[0], key[1], _compiler(key[1], found, backend)) for key, found in lines.items()}
    return Ruleset(backend, tuple(bases), chains, _TRANSLATION.search(text) is not None, kept > 0)


def managed_tables(text: str) -> frozenset[str]:
    """Names of the tables in an iptables-nft-save text: the nft tables of these names belong to iptables-nft."""
    return frozenset(line[1:].strip() for line in text.splitlines() if line.startswith("*"))


def _declared(
    line: str, number: int, table: str, backend: Variant, family: Literal[4, 6]
) -> tuple[str, BaseChain | None]:
    match = _CHAIN.match(line)
    if not match or not table:
        raise BadRuleset(f"Line {number} of the {backend} ruleset is not a chain of a table: {line[:60]!r}.")
    name, policy, packets, size = match.groups()
    hook = HOOKS.get(name)
    if policy == "-" or hook is None:
        return name, None
    nat = SOURCE_NAT if hook in ("postrouting", "input") else DESTINATION_NAT
    return name, BaseChain(
        backend=backend,
        family="ip" if family == 4 else "ip6",
        table=table,
        name=name,
        hook=hook,
        kind="nat" if table == "nat" else "filter",
        priority=nat if table == "nat" else PRIORITIES.get(table, 0),
        policy="drop" if policy == "DROP" else "accept",
        counters=RuleCounters(int(packets), int(size)) if packets else None,
    )


def _keep(line: str, number: int, table: str, backend: Variant, lines: Lines) -> None:
    start = line.find("-A ") if line.startswith("[") else 0
    name = line[start + 3 :].split(" ", 1)[0]
    chain = lines.get((table, name))
    if start < 0 or chain is None:
        raise BadRuleset(f"Line {number} of the {backend} ruleset adds to no chain: {line[:60]!r}.")
    chain.append((number, line))


def _compiler(chain: str, lines: list[tuple[int, str]], backend: Variant) -> Callable[[], tuple[Rule, ...]]:
    return partial(_compile, chain, tuple(lines), backend)


def _compile(chain: str, lines: tuple[tuple[int, str], ...], backend: Variant) -> tuple[Rule, ...]:
    return tuple(_rule(chain, number, line, backend) for number, line in lines)


def _rule(chain: str, number: int, line: str, backend: Variant) -> Rule:
    counted = _COUNTED.match(line)
    text = line[counted.end() :] if counted else line
    try:
        steps, comment = steps_of(tokens_of(text)[2:])
    except (ValueError, IndexError) as error:
        steps, comment = (
            (Unclear(f"line {number} of {backend} cannot be read ({error}): {text[:120]}"),),
            None,
        )
    counters = RuleCounters(int(counted[1]), int(counted[2])) if counted else None
    return Rule(chain, steps, text, number, counters, comment)
