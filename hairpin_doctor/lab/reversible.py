"""A fix applied to a running lab, machine by machine, by the engine or as a person pastes it, and taken back to before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hairpin_doctor.fixes.changes import Look
from hairpin_doctor.lab import kubectl
from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.checks import observe
from hairpin_doctor.lab.machine_state import differences, machine_state
from hairpin_doctor.lab.mend import await_cable, in_the_cluster, role_of
from hairpin_doctor.lab.running import Setting
from hairpin_doctor.lab.topology import Bridge
from hairpin_doctor.machine.changing.hands import ThisMachine
from hairpin_doctor.machine.commands import ip_batch
from hairpin_doctor.mending.checkpoint import Work, change_of
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.store import Store

RULES = ("nftables", "legacy iptables", "legacy ip6tables")
FRAME = tuple(f"nftables: new: {word}" for word in ("table ", "\tchain ", "\t\ttype ", "\t}", "}"))
"""What iptables-nft makes around a rule: it stays, empty and without effect, once a person has deleted the rule."""


class NotReversed(Exception):
    """The engine did not keep the changes, or taking them back left something behind; the message says what."""


@dataclass
class Reversible:
    """One fix in a lab. The lab itself watches over the runs: it takes everything away at its end.

    `by_hand`: its commands and their undo are pasted as they are shown, instead of being carried out by the engine.
    """

    lab: Lab
    setting: Setting
    folder: Path
    by_hand: bool = False
    done: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._roles = dict.fromkeys(
            (self.setting.case.host, self.setting.case.client, *self.setting.case.others)
        )
        self._before = {role: self._state(role) for role in self._roles}
        self._topology = self.lab.topology
        self._proxied = False
        self.altered = False

    def _state(self, role: str) -> dict[str, list[str]]:
        return machine_state(self.lab.place(role))

    def apply(self, fix: Mapping[str, Any]) -> Iterator[str]:
        """Every step where it belongs; yields what was done. Raises NotReversed where the engine did not keep it."""
        case = self.setting.case
        for step in fix["steps"]:
            if step["place"] == "cluster":
                self.altered = True
                self._proxied |= any(map(kubectl.understands, step["commands"]))
                yield from in_the_cluster(self.lab, case, self.setting.names, step)
            else:
                yield from self._apply_here(role_of(self.lab, case, step), fix, step)
        await_cable(self.lab, case.client)

    def _apply_here(self, role: str, fix: Mapping[str, Any], step: Mapping[str, Any]) -> Iterator[str]:
        self.done.append((role, step))
        if self.by_hand:
            self.altered |= bool(step["undo"])
            self.lab.apply(role, "\n".join(step["commands"]))
            yield from (f"{self.lab.place(role).hostname}# {each}" for each in step["commands"])
            return
        changes = tuple(c for c in map(change_of, step["changes"]) if not isinstance(c, Look))
        work = Work(fix["title"], "", (), self.lab.place(role).hostname, changes)
        said: list[str] = []
        engine = self._engine(role, said)
        ended = self.lab.inside(role, lambda: engine.apply(work, {}, dict, must_mend=False))
        if ended.phase != "awaiting-confirmation":
            raise NotReversed("; ".join(ended.said))
        engine.confirm()
        self.altered |= bool(ended.changes) and any(each.undo() for each in changes)
        yield from (f"{work.machine}: {each}" for each in said if each.startswith("do"))

    def _engine(self, role: str, said: list[str]) -> Engine:
        return Engine(Store(self.folder / role), ThisMachine(), said.append, lambda *_: "the lab")

    def take_back(self) -> None:
        """Last first. Raises NotReversed if the state differs from before, or the symptom does not come back."""
        for role, step in reversed(self.done):
            if self.by_hand:
                self.lab.apply(role, "\n".join(step["undo"]))
            else:
                self._roll_back(role)
        self._restore_cluster()
        left = [f"{role}: {each}" for role in self._roles for each in self._differences(role)]
        if left:
            raise NotReversed("left behind: " + "; ".join(left))

    def _roll_back(self, role: str) -> None:
        ended = self.lab.inside(role, self._engine(role, []).roll_back)
        if ended.phase != "rolled-back":
            raise NotReversed("; ".join(ended.said))

    def _differences(self, role: str) -> list[str]:
        """What the service proxy of the stand-in cluster programs is the cluster's, not the fix's."""
        found = differences(self._before[role], self._state(role))
        mine = [each for each in found if not (self._proxied and each.startswith(RULES))]
        return [each for each in mine if not (self.by_hand and each.startswith(FRAME))]

    def _restore_cluster(self) -> None:
        """Announcers and speakers as they were, and the rules of the service proxy."""
        missing = []
        for machine in self._topology.machines:
            now = self.lab.topology.machine(machine.role).daemons
            for daemon in now:
                if daemon.name not in {each.name for each in machine.daemons}:
                    self.lab.stop(machine.role, daemon.name)
            missing += [(machine.role, daemon) for daemon in machine.daemons if daemon not in now]
        self.lab.replace_daemons(missing)
        if self._proxied:
            kubectl.restore(self.lab, self.setting.case.host)

    def symptom(self) -> list[str]:
        """What of the symptom did not come back, once what was learned is forgotten; nothing if nothing was done."""
        if not self.altered:
            return []
        for machine in self.lab.topology.machines:
            bridges = [each.name for each in machine.interfaces if isinstance(each, Bridge)]
            flush = [f"link set dev {name} type bridge fdb_flush" for name in bridges]
            ip_batch(["neigh flush all", *flush], self.lab.place(machine.role).namespace)
        seen = observe(self.lab, self.setting.case.checks(self.setting.names))
        return [f"{each.check}, but {each.seen}" for each in seen if not each.holds]
