"""Who called sudo: what is that person's own, such as ssh's keys and known hosts, is used as that person."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Invoker:
    """A user of this machine, by whose rights something runs."""

    name: str
    uid: int
    gid: int
    home: str

    @property
    def groups(self) -> list[int]:
        """All groups that the user is in."""
        return os.getgrouplist(self.name, self.gid)

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base` as it would be without sudo; an agent's socket is there only if sudo was told to keep it."""
        return {**base, "HOME": self.home, "USER": self.name, "LOGNAME": self.name}


def invoker() -> Invoker | None:
    """The user who became root by sudo; None for anybody else, root too."""
    uid = os.environ.get("SUDO_UID", "")
    if os.geteuid() != 0 or not uid.isdecimal() or int(uid) == 0:
        return None
    try:
        found = pwd.getpwuid(int(uid))
    except (KeyError, OverflowError):
        return None
    return Invoker(found.pw_name, found.pw_uid, found.pw_gid, found.pw_dir)
