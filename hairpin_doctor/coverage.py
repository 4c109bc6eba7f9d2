"""What proves each cause: where it can be built, the lab cases that build it, over IPv6 too, and the proof of its fix.

Lanes: N can be built in network namespaces, K rests on the cluster's objects, V needs a kernel that a namespace lacks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hairpin_doctor.lab.cases import CATALOGUE as CASES
from hairpin_doctor.lab.cases import MODULE_CASES
from hairpin_doctor.lab.proofs import FIRST, FURTHER, NOTED
from hairpin_doctor.rule import Ipv6, Rule

LANES = {
    "HD101": "K",
    "HD102": "K",
    "HD107": "K",
    "HD108": "K",
    "HD109": "K N",
    "HD204": "V N",
    "HD502": "N K",
    "HD505": "N K",
    "HD511": "K V",
}
"""Of the causes that are not N alone."""
WITHOUT_A_CASE = {
    "HD101": "it rests on the cluster's objects: tests/unit/rules/test_by_the_clusters_word.py",
    "HD102": "as HD101",
    "HD107": "as HD101",
    "HD108": "as HD101",
    "HD001": "it holds on every healthy case whose VIP is no address of the host",
    "HD302": "the kernel delivers to the bridge's own MAC: no namespace can show this suspicion",
    "HD511": "a service datapath in eBPF needs Cilium or Calico; its tests attach real programs of that name",
}
"""Code -> why no case of the lab reproduces it, and what tests it instead."""
NO_FAULT = "HD0"
AS_WRITTEN = {
    "HD106": "announced-twice",
    "HD110": "macvtap-cannot-reach-parent",
    "HD504": "legacy-policy-drops",
}
"""Code -> the case whose first fix, another cause's as well, tests/lab/test_cases.py carries out as it is written."""


@dataclass(frozen=True)
class Coverage:
    """One cause: its lane, the cases that show it by IPv4, by IPv6 and with kernel modules, or why there is none.

    `fixed`: where its fix is proven, in words.
    """

    rule: Rule
    lane: str
    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...]
    modules: tuple[str, ...]
    instead: str
    fixed: str

    def row(self) -> str:
        """A line of the table."""
        cases = ", ".join(f"`{name}`" for name in (*self.ipv4, *self.modules)) or self.instead
        over_ipv6 = ", ".join(f"`{name}`" for name in self.ipv6) or _no_ipv6(self.rule)
        slug = f"[{self.rule.code}](../causes/{self.rule.code}-{self.rule.slug}.md) {self.rule.slug}"
        return f"| {slug} | {self.lane} | {cases} | {over_ipv6} | {self.fixed} |"


def coverage(rules: Iterable[Rule]) -> tuple[Coverage, ...]:
    """One for each rule, in the order of the codes."""
    return tuple(_of(rule) for rule in sorted(rules, key=lambda each: each.code))


def _of(rule: Rule) -> Coverage:
    named = [case.name for case in CASES if rule.code in case.codes]
    return Coverage(
        rule=rule,
        lane=LANES.get(rule.code, "N"),
        ipv4=tuple(name for name in named if not name.endswith("-ipv6")),
        ipv6=tuple(name for name in named if name.endswith("-ipv6")),
        modules=tuple(case.name for case in MODULE_CASES if rule.code in case.codes),
        instead=WITHOUT_A_CASE.get(rule.code, ""),
        fixed=_fixed(rule),
    )


def _fixed(rule: Rule) -> str:
    cases = [case for case in CASES if rule.code in case.codes]
    proving = {*FIRST.values(), *(name for each in FURTHER.values() for name, _ in each)}
    by_engine = [case.name for case in cases if case.name in proving and case.codes[:1] == (rule.code,)]
    by_hand = [case.name for case in cases if case.by_hand or case.repair or case.recovered]
    if by_engine:
        return "carried out and taken back: " + ", ".join(f"`{name}`" for name in by_engine)
    noted = [case for case, code in NOTED.values() if code == rule.code]
    if noted:
        return f"carried out and taken back: `{noted[0]}`"
    if rule.code in AS_WRITTEN:
        return f"carried out as written: `{AS_WRITTEN[rule.code]}`"
    if by_hand:
        return "done by hand: " + ", ".join(f"`{name}`" for name in by_hand)
    return "nothing is to be mended" if rule.code.startswith(NO_FAULT) else "told"


def _no_ipv6(rule: Rule) -> str:
    if rule.ipv6 is not Ipv6.PROVEN:
        return rule.ipv6.value
    if rule.needs_cluster:
        return "the same objects of the cluster"
    healthy = next(case for case in CASES if case.name == "healthy-ipv6").expected.values()
    noted = any(rule.code in (*each.codes, *each.allowed) for each in healthy)
    return "noted in `healthy-ipv6`" if noted else "the same, by recordings of IPv6"
