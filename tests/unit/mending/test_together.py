"""Plans of one cause that do the same for several VIPs are one plan; everything else stays apart."""

from __future__ import annotations

from dataclasses import replace

from hairpin_doctor.fixes.changes import IptablesRule, LinkMtu, Manifest, ResourceRef, commands_of
from hairpin_doctor.fixes.fix import Fix, Place, Step
from hairpin_doctor.mending.plan import Option, Plan, Stage
from hairpin_doctor.mending.together import together


def rule(vip: str) -> IptablesRule:
    return IptablesRule("iptables", "filter", "FORWARD", f"-d {vip} -j ACCEPT")


def plan(vip: str, code: str = "HD405", place: Place = "host", machine: str = "n5") -> Plan:
    step = Step(place, machine, f"packets to {vip} pass", (rule(vip), LinkMtu("bridge0", 1500, 9000)))
    fix = Fix(
        f"Accept connections to {vip}",
        (step,),
        f"on vm: hairpin-doctor scan {vip}",
        (f"Only {vip}: no other.",),
    )
    option = Option(1, fix, (Stage(place, machine, (step,), True),))
    return Plan(code, f"a rule drops {vip}", (vip,), (f"{vip} fails",), (option,))


ONE, TWO, THREE = plan("192.0.2.53"), plan("192.0.2.5"), plan("2001:db8::53")


def test_one_run_mends_all_vips_and_says_so_everywhere() -> None:
    (found,) = together((ONE, TWO, THREE))
    assert found.vips == ("192.0.2.53", "192.0.2.5", "2001:db8::53")
    (option,) = found.options
    assert option.fix.title == "Accept connections to 192.0.2.53, 192.0.2.5, 2001:db8::53"
    assert option.fix.cautions == ("Only 192.0.2.53, 192.0.2.5, 2001:db8::53: no other.",)
    assert option.fix.check.count("hairpin-doctor scan") == 3
    assert found.because[1:3] == ("a rule drops 192.0.2.5.", "192.0.2.5 fails")
    wanted = (rule("192.0.2.53"), LinkMtu("bridge0", 1500, 9000), rule("192.0.2.5"), rule("2001:db8::53"))
    assert set(option.changes) == set(wanted)
    assert option.stages[0].commands == commands_of(option.changes)
    assert option.stages[0].steps[0].why.endswith("2001:db8::53 pass")


def test_other_causes_machines_and_ways_stay_apart() -> None:
    others = (plan("192.0.2.5", code="HD404"), plan("192.0.2.5", machine="n6"))
    for other in others:
        assert together((ONE, other)) == (ONE, other)
    assert together((others[0], ONE, TWO))[0] == others[0]


def test_a_way_that_only_a_person_can_go_keeps_nobody_from_mending_all_by_the_other_one() -> None:
    def also_by_hand(vip: str) -> Plan:
        made = plan(vip)
        step = Step("host", "n5", "x", instructions=f"Give {vip} what it needs.")
        by_hand = replace(made.options[0], stages=(Stage("host", "n5", (step,), True),))
        return replace(made, options=(by_hand, replace(made.options[0], number=2)))

    (found,) = together((also_by_hand("192.0.2.53"), also_by_hand("192.0.2.5")))
    first, second = found.options
    assert first.stages[0].steps[0].instructions == "Give 192.0.2.53, 192.0.2.5 what it needs."
    assert {rule("192.0.2.53"), rule("192.0.2.5")} < set(second.changes)


def test_what_people_do_and_what_the_cluster_is_told_stays_apart() -> None:
    def told(vip: str, step: Step) -> Plan:
        made = plan(vip)
        option = replace(made.options[0], stages=(Stage("cluster", "kubectl", (step,), False),))
        return replace(made, options=(option,))

    manifest = Step("cluster", "kubectl", "x", (Manifest(ResourceRef("pod", "a", "b"), "kind: Pod\n"),))
    prose = Step("router", "the router", "x", instructions="Turn it off.")
    for step in (manifest, prose):
        apart = told("192.0.2.53", step), told("192.0.2.5", step)
        assert together(apart) == apart
