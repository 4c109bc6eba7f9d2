"""Taking back: whatever fails, the rest is restored; after a reboot only what outlives one is touched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from hairpin_doctor.fixes.changes import Change, Deletion, LinkState, ResourceRef, Sysctl
from hairpin_doctor.machine.changing.found import Found
from hairpin_doctor.machine.processes import boot_id
from hairpin_doctor.mending import rollback
from hairpin_doctor.mending.checkpoint import Checkpoint
from hairpin_doctor.mending.engine import Engine
from hairpin_doctor.mending.rollback import after_a_reboot
from hairpin_doctor.mending.store import MendingRefused, Store

SETTING, LINK = Sysctl("net/ipv4/conf/eth0/rp_filter", 1), LinkState("eth0")
ADVERTISEMENT = Deletion(ResourceRef("l2advertisement", "metallb-system", "home"))


@dataclass
class Hands:
    """Remember what they did, and fail as they are told."""

    fails: dict[Change, BaseException] = field(default_factory=dict)
    done: list[Change] = field(default_factory=list)

    def find(self, change: Change) -> Found:
        if change in self.fails:
            raise self.fails[change]
        return Found(change in self.done)

    def do(self, change: Change) -> None:
        self.done.append(change)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Checkpoint]:
    """A run of this store, kept in this boot unless something else is said."""
    monkeypatch.setattr(rollback, "PAUSE_S", 0.0)
    store = Store(tmp_path / "state")
    store.prepare()

    def make(**different: object) -> Checkpoint:
        made = Checkpoint(
            "20261126T010203-ab12", "Announce", "HD104", ("192.0.2.53",), "n5", None, None, "", boot_id(),
            1, 2, 0.0, "confirmed", changes=(SETTING,), undo=(SETTING, LINK, ADVERTISEMENT),
        )  # fmt: skip
        made = replace(made, **different)  # type: ignore[arg-type]
        store.write(made)
        return made

    return make


def engine(tmp_path: Path, hands: Hands) -> Engine:
    return Engine(Store(tmp_path / "state"), hands, watch=lambda store, run: "nobody")


def test_what_breaks_is_told_and_the_rest_is_restored(run: Callable[..., Checkpoint], tmp_path: Path) -> None:
    run()
    hands = Hands({SETTING: RuntimeError("no memory")})
    ended = engine(tmp_path, hands).roll_back()
    assert ended.phase == "rollback-incomplete"
    assert ended.said[-1] == (
        "NOT restored: sysctl -w net/ipv4/conf/eth0/rp_filter=1: RuntimeError: no memory"
    )
    assert hands.done == [LINK, ADVERTISEMENT]


def test_whoever_is_killed_while_a_kept_run_is_taken_back_leaves_one_that_says_so(
    run: Callable[..., Checkpoint], tmp_path: Path
) -> None:
    class Killed(BaseException):
        """Stands for kill -9."""

    run()
    hands = Hands()
    with pytest.raises(Killed):
        engine(tmp_path, replace(hands, fails={LINK: Killed()})).roll_back()
    engine(tmp_path, hands).refuse_while_open()
    assert Store(tmp_path / "state").history()[-1].phase == "rolled-back"
    assert hands.done[-2:] == [LINK, ADVERTISEMENT]


def test_after_a_reboot_only_the_cluster_is_told(run: Callable[..., Checkpoint], tmp_path: Path) -> None:
    run(boot_id="another", phase="awaiting-confirmation")
    hands = Hands()
    engine(tmp_path, hands).refuse_while_open()
    last = Store(tmp_path / "state").history()[-1]
    assert (last.phase, hands.done) == ("rolled-back", [ADVERTISEMENT])
    assert "started anew before anybody confirmed it" in last.said[-1]


def test_what_a_reboot_ended_is_not_confirmed(run: Callable[..., Checkpoint], tmp_path: Path) -> None:
    run(boot_id="another", phase="awaiting-confirmation")
    with pytest.raises(MendingRefused, match="cannot be kept any more: the machine was started anew"):
        engine(tmp_path, Hands()).confirm()


@pytest.mark.parametrize(
    ("different", "words"),
    [
        ({"boot_id": "another", "phase": "applying"}, "before anybody confirmed it"),
        ({"boot_id": "another", "phase": "installing"}, "NOT made lasting: the machine was started anew"),
        ({"boot_id": "another"}, "the machine was started anew since"),
        ({"boot_id": "another", "installed": (SETTING,)}, None),
        ({"boot_id": "another", "changes": (ADVERTISEMENT,)}, None),
        ({"boot_id": "another", "phase": "rolled-back"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_what_a_reboot_did_to_a_run_is_said(
    run: Callable[..., Checkpoint], different: dict[str, object], words: str | None
) -> None:
    said = after_a_reboot(run(**different))
    assert said is None if words is None else words in (said or "")
