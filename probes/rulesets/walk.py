"""Follow a described packet through the base chains of one hook, with three-valued matching.

Where a condition is unknown both ways are followed and joined again, so the work grows with the number of rules, not of
paths. An event is certain if the packet surely gets to it: every condition on the way is known to hold, and nothing
before it may have ended the packet's way. In the kernel an accept ends one base chain only, drop and reject end the
packet (nft(8), VERDICT STATEMENT; the same holds between iptables' tables).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from probes.rulesets.actions import (
    Action,
    ChangeMark,
    ForgetMark,
    HideSource,
    Translate,
    TranslateByMap,
    Unclear,
)
from probes.rulesets.conditions import CONDITIONS
from probes.rulesets.crossing import Crossing, Event, Hiding, Marking, Path, Step, Translation, Verdict
from probes.rulesets.lookup import Lookup
from probes.rulesets.model import BaseChain, Hook, Rule, Ruleset
from probes.rulesets.order import bases_at
from probes.rulesets.packet import NEW_AND_TRANSLATED, Packet
from probes.rulesets.state import Frame, State, joined
from probes.rulesets.truth import UNKNOWN_MARK, Truth
from probes.rulesets.verdicts import Decide, Decision, Destination, Jump, Return

DEEPEST = 32
MOST_RULES_WALKED = 400_000
E = TypeVar("E", bound=Event)


def through_hook(rulesets: Sequence[Ruleset], hook: Hook, packet: Packet) -> Crossing:
    """Walk all base chains of the hook in priority order, those of all rulesets together."""
    walk = _Walk(packet)
    for ruleset, base in bases_at(rulesets, hook, packet):
        if walk.state is None:
            break
        decided = Truth.NO in (walk.untranslated, walk.hidden.negated())
        if base.kind != "nat" or not decided:
            walk.run_base(ruleset, base)
    return walk.crossing()


class _Walk:
    """Carries the state (mark, certainty) from base chain to base chain and collects what happens."""

    def __init__(self, packet: Packet) -> None:
        self.packet = packet
        self.state: State | None = State(packet.mark, True)
        self.verdicts: list[Verdict] = []
        self.translations: list[Translation] = []
        self.hidings: list[Hiding] = []
        self.markings: list[Marking] = []
        self.ends: list[State] = []
        self.events = 0
        self.untranslated, self.hidden = Truth.YES, Truth.NO
        self.unclear: dict[str, None] = {}
        self.visited: set[tuple[str, str]] = set()
        self.walked, self.bounded = 0, False
        self.doubtful = False  # is the destination that later base chains see only one of several?

    def crossing(self) -> Crossing:
        """What was collected."""
        continues = Truth.NO if self.state is None else Truth.of(self.state.certain or None)
        return Crossing(
            verdicts=self._honest(self.verdicts),
            translations=self._honest(self.translations),
            markings=self._honest(self.markings),
            untranslated=self.untranslated if not self.bounded else Truth.UNKNOWN,
            hidden=self.hidden if not self.bounded else Truth.UNKNOWN,
            continues=continues if not self.bounded else Truth.UNKNOWN,
            mark=self.state.mark if self.state else UNKNOWN_MARK,
            unclear=tuple(self.unclear),
            visited=frozenset(self.visited),
            bounded=self.bounded,
        )

    def _honest(self, events: list[E]) -> tuple[E, ...]:
        return tuple(replace(event, certain=False) if self.bounded else event for event in events)

    def run_base(self, ruleset: Ruleset, base: BaseChain) -> None:
        """Run one base chain and carry on with what it lets through."""
        if self.state is None:
            return
        certain, self.ends = self.state.certain, []
        before = len(self.verdicts), len(self.translations), len(self.hidings)
        frame = Frame(ruleset, base, (), ())
        fell = self.run_chain(frame, base.name, self.state.maybe if self.doubtful else self.state)
        if fell:
            self.decide(frame, fell, (), base.policy)
        stopped = any(verdict.stops for verdict in self.verdicts[before[0] :])
        self.state = joined(self.ends, certain and not stopped)
        self._translated(self.translations[before[1] :])
        if hidings := self.hidings[before[2] :]:
            self.hidden = Truth.YES if len(hidings) == len(self.ends) else Truth.UNKNOWN

    def _translated(self, made: list[Translation]) -> None:
        if not made:
            return
        self.untranslated = Truth.NO if len(made) >= len(self.ends) else Truth.UNKNOWN
        endpoint = made[0].endpoint
        if endpoint and self.untranslated is Truth.NO:  # later base chains see the (first) new destination
            self.packet = replace(
                self.packet, destination=endpoint.address, port=endpoint.port, state=NEW_AND_TRANSLATED
            )
        places = {translation.endpoint for translation in made}
        self.doubtful = self.doubtful or len(places) > 1 or self.untranslated is Truth.UNKNOWN

    def run_chain(self, frame: Frame, name: str, state: State) -> State | None:
        """Run a chain; the state in which the packet comes back from it, None where it surely does not."""
        chain = frame.ruleset.chain(frame.base.table, name)
        if chain is None:
            return self.unclear_effect(name)
        if name in frame.callers or len(frame.callers) >= DEEPEST or self.walked > MOST_RULES_WALKED:
            self.bounded = True
            return State(UNKNOWN_MARK, False)
        self.visited.add((chain.table, name))
        inner = Frame(frame.ruleset, frame.base, frame.path, (*frame.callers, name))
        at_entry, current = self.events, state
        for rule in chain.rules:
            after = self.run_rule(inner, rule, current)
            if after is None:
                break
            current = after
        else:
            inner.returned.append(current)
        return joined(inner.returned, state.certain and self.events == at_entry)

    def run_rule(self, frame: Frame, rule: Rule, state: State) -> State | None:
        """Work off one rule; the state at the next rule, None where the packet surely does not get there."""
        self.walked += 1
        before = self.events, len(frame.returned)
        frame.passed = passed = []
        current: State | None = state
        for step in rule.steps:
            if current is None:
                break
            if not isinstance(step, CONDITIONS):
                current = self.act(frame, Step(rule), step, current)
                continue
            truth = step.holds(self.packet, current.mark)
            if truth is Truth.NO:
                break
            if truth is Truth.UNKNOWN:
                passed.append(current)
                current = current.maybe
        if current is state and not passed:
            return state
        undisturbed = before == (self.events, len(frame.returned))
        return joined([*passed, current], state.certain and undisturbed)

    def act(self, frame: Frame, step: Step, action: Action, state: State) -> State | None:
        """Carry out one action; the state at the rule's next step, None where the rule ends the chain or the walk."""
        path = (*frame.path, step)
        match action:
            case Decide() | Jump() | Return():
                return self.follow(frame, path, action, state)
            case Lookup():
                return self.look_up(frame, path, action, state)
            case ChangeMark(keep, flip):
                self.markings.append(Marking(frame.base, state.certain, state.mark, path))
                return State(state.mark.changed(keep, flip), state.certain)
            case ForgetMark():
                return State(UNKNOWN_MARK, state.certain)
            case Unclear(text):
                return self.unclear_effect(text)
            case Translate(destinations):
                self.translate(frame, state, path, destinations)
            case TranslateByMap(lookup):
                self.translate_by_map(frame, state, path, lookup)
            case HideSource():
                self.hidings.append(Hiding(frame.base, state.certain, state.mark, path))
                self.ended(state)
        return None

    def follow(self, frame: Frame, path: Path, action: Decide | Jump | Return, state: State) -> State | None:
        """Carry out a verdict."""
        match action:
            case Decide(decision):
                self.decide(frame, state, path, decision)
                return None
            case Return():
                frame.returned.append(state)
                return None
            case Jump(chain, comes_back):
                inner = Frame(frame.ruleset, frame.base, path, frame.callers)
                back = self.run_chain(inner, chain, state)
                if back and not comes_back:
                    frame.returned.append(back)
                return back if comes_back else None

    def look_up(self, frame: Frame, path: Path, lookup: Lookup, state: State) -> State | None:
        """Follow the verdicts of all elements that match or may match; without a match the rule ends (NFT_BREAK)."""
        back: list[State | None] = []
        found = lookup.found(self.packet)
        sure = any(truth is Truth.YES for truth, _ in found)
        for truth, element in found:
            if isinstance(element.leads_to, Decide | Jump | Return):
                on = (*path[:-1], Step(path[-1].rule, element))
                chosen = (
                    state if (truth is Truth.YES or lookup.exhaustive) and len(found) == 1 else state.maybe
                )
                back.append(self.follow(frame, on, element.leads_to, chosen))
        if not sure and not (lookup.exhaustive and found):
            frame.passed.append(state)
        return joined(back, state.certain and sure)

    def decide(self, frame: Frame, state: State, path: Path, decision: Decision) -> None:
        """Record a verdict; an accept goes on with the next base chain."""
        self.events += 1
        self.verdicts.append(Verdict(frame.base, state.certain, state.mark, path, decision))
        if decision == "accept":
            self.ends.append(state)

    def translate(self, frame: Frame, state: State, path: Path, destinations: Sequence[Destination]) -> None:
        """Record DNAT to each of the destinations; one end per destination."""
        for destination in destinations or (None,):
            certain = state.certain and len(destinations) == 1
            endpoint = destination.fill(self.packet) if destination else None
            self.translations.append(Translation(frame.base, certain, state.mark, path, endpoint))
            self.ended(state)

    def translate_by_map(self, frame: Frame, state: State, path: Path, lookup: Lookup) -> None:
        """Record DNAT to what the map yields."""
        found = lookup.found(self.packet)
        places = [e.leads_to for _, e in found if isinstance(e.leads_to, Destination)]
        if places:
            self.translate(frame, state, path, places)
        if not (lookup.exhaustive and found) and not any(truth is Truth.YES for truth, _ in found):
            frame.passed.append(state)

    def unclear_effect(self, text: str) -> State:
        """Something that may end the packet's way, change its mark, or nothing at all."""
        self.events += 1
        self.unclear[text] = None
        return State(UNKNOWN_MARK, False)

    def ended(self, state: State) -> None:
        """The base chain ends here with an implicit accept."""
        self.events += 1
        self.ends.append(state)
