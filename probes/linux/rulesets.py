"""Answers from the packet filter's own programs. They are looked for in the sbin directories too."""

from __future__ import annotations

import os
import shutil
import subprocess

from probes.host import Absent, Silent
from probes.questions.firewall import IptablesRules, NftRuleset

PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin"))
TIMEOUT_SECONDS = 20


def iptables_rules(question: IptablesRules) -> str:
    """`iptables-nft-save -c` or `iptables-legacy-save -c`: unlike `-L`, saving creates no table as a side effect."""
    prefix = "iptables" if question.family == 4 else "ip6tables"
    return _run(f"{prefix}-{question.variant}-save", "-c")


def nft_ruleset(_: NftRuleset) -> str:
    """`nft -j list ruleset`."""
    return _run("nft", "-j", "list", "ruleset")


def _run(program: str, *arguments: str) -> str:
    path = shutil.which(program, path=PATH)
    if path is None:
        raise Absent(f"{program} is not installed")
    try:
        done = subprocess.run(
            [path, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Silent(f"{program} did not end within {TIMEOUT_SECONDS} s") from None
    if done.returncode == 0:
        return done.stdout
    complaint = " ".join(done.stderr.split())[:200]
    if os.geteuid() != 0 or "ermission" in complaint or "not permitted" in complaint:
        raise PermissionError(f"{program}: {complaint}")
    raise Absent(f"{program} failed: {complaint}")
