"""Under sudo, what is a person's own is used as that person."""

from __future__ import annotations

import os
import pwd

import pytest

from hairpin_doctor.machine.bounded_process import Conversation
from hairpin_doctor.machine.invoker import invoker

NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def test_who_called_sudo_is_known_by_name_and_home(root: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", str(NOBODY.pw_uid))
    found = invoker()
    assert found is not None
    assert (found.name, found.uid, found.gid) == ("nobody", NOBODY.pw_uid, NOBODY.pw_gid)
    assert found.environment({"HOME": "/root", "LANG": "C"}) == {
        "HOME": NOBODY.pw_dir,
        "LANG": "C",
        "USER": "nobody",
        "LOGNAME": "nobody",
    }


@pytest.mark.parametrize("uid", ["", "0", "x", "-1", "4294967290", "99999999999999999999"])
def test_root_itself_and_nonsense_are_nobody_else(
    root: None, monkeypatch: pytest.MonkeyPatch, uid: str
) -> None:
    monkeypatch.setenv("SUDO_UID", uid)
    assert invoker() is None


def test_without_root_nobody_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("SUDO_UID", "1000")
    assert invoker() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_program_runs_by_that_persons_rights_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", str(NOBODY.pw_uid))
    script = "echo begins; id -u; id -g; id -G"
    ended = Conversation(b"", b"begins\n", 20, 20).hold(["/bin/sh", "-c", script], user=invoker())
    assert ended.output.split() == [b"%d" % NOBODY.pw_uid, b"%d" % NOBODY.pw_gid, b"%d" % NOBODY.pw_gid]
