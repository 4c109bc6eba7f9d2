"""Rules of iptables and nftables. A chain or table that a rule of ours brought along goes with it."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from typing import Any, cast

from hairpin_doctor.fixes.changes import Change, IptablesRule, NftRule, UnusedChain
from hairpin_doctor.machine.changing.found import SO, CannotChange, Found
from hairpin_doctor.machine.changing.tools import ToolFailed, path_of, run_tool

TOOLS = re.compile(r"ip6?tables(-nft|-legacy)?")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,62}", re.ASCII)
ABSENT = re.compile(r"matching rule exist|No chain/target/match by that name|Bad rule|does not exist")
LOCK = ("-w", "5")  # seconds to wait for others that write legacy rules


def find_iptables(change: IptablesRule) -> Found:
    """Whether the rule stands. A check would make a missing chain (iptables-nft), so that is looked for first."""
    _check(change)
    missing = _missing_chain(change)
    if missing is None and _stands(change):
        return SO if change.present else Found(False, (replace(change, present=True),))
    if not change.present:
        return SO
    back: tuple[Change, ...] = (replace(change, present=False),)
    return Found(False, (*back, missing) if missing else back)


def _check(change: IptablesRule) -> None:
    if not TOOLS.fullmatch(change.tool):
        raise CannotChange(f"{change.tool} is no tool that the doctor would run")


def _missing_chain(change: IptablesRule) -> UnusedChain | None:
    """The chain, if this tool writes nftables and the chain is not there yet."""
    if path_of("nft") is None or "nf_tables" not in run_tool([change.tool, "-V"]):
        return None
    family = "ip6" if change.tool.startswith("ip6") else "ip"
    there = any(
        (each["family"], each["table"], each["name"]) == (family, change.table, change.chain)
        for each in _listed(["list", "chains", family], "chain")
    )
    return None if there else UnusedChain(cast(Any, family), change.table, change.chain)


def _stands(change: IptablesRule) -> bool:
    try:
        run_tool([*_words(change, "-C"), *shlex.split(change.rule)])
    except ToolFailed as error:
        if error.code == 1 and ABSENT.search(error.words):
            return False
        raise  # it could not look: that is no answer
    return True


def _words(change: IptablesRule, option: str) -> list[str]:
    return [change.tool, *LOCK, "-t", change.table, option, change.chain]


def set_iptables(change: IptablesRule) -> None:
    """Insert, append or delete it."""
    option = ("-I" if change.insert else "-A") if change.present else "-D"
    run_tool([*_words(change, option), *shlex.split(change.rule)])


def find_nft(change: NftRule) -> Found:
    """Whether a rule with our comment stands in the chain."""
    there = _handle(change) is not None
    return SO if there == change.present else Found(False, (replace(change, present=there),))


def _handle(change: NftRule) -> int | None:
    where = [change.family, change.table, change.chain]
    if not all(NAME.fullmatch(each) for each in (*where, change.comment)):
        raise CannotChange(f"{' '.join(where)!r} is no chain that the doctor would touch")
    chains = _listed(["list", "chains", change.family], "chain")
    if not any((each["table"], each["name"]) == (change.table, change.chain) for each in chains):
        if change.present:
            raise CannotChange(f"there is no chain {' '.join(where)}")
        return None
    rules = _listed(["list", "chain", *where], "rule")
    return next((each["handle"] for each in rules if each.get("comment") == change.comment), None)


def set_nft(change: NftRule) -> None:
    """Insert it at the head, or delete it by its handle."""
    where = [change.family, change.table, change.chain]
    if change.present:
        run_tool(
            ["nft", "insert", "rule", *where, *shlex.split(change.rule), "comment", f'"{change.comment}"']
        )
    else:
        run_tool(["nft", "delete", "rule", *where, "handle", str(_handle(change))])


def find_unused(change: UnusedChain) -> Found:
    """So, where the chain is gone or somebody uses it."""
    where = [change.family, change.table, change.chain]
    chains = _listed(["list", "chains", change.family], "chain")
    if not any((each["table"], each["name"]) == (change.table, change.chain) for each in chains):
        return SO
    return Found(bool(_listed(["list", "chain", *where], "rule")))


def remove_unused(change: UnusedChain) -> None:
    """Delete the chain, or its table where nothing else is in it: one command, which cannot stop half-way."""
    table = json.loads(run_tool(["nft", "-j", "list", "table", change.family, change.table]))["nftables"]
    others = [kind for each in table for kind in each if kind not in ("metainfo", "table")]
    if len(others) > 1:
        run_tool(["nft", "delete", "chain", change.family, change.table, change.chain])
    else:
        run_tool(["nft", "delete", "table", change.family, change.table])


def _listed(words: list[str], kind: str) -> list[Any]:
    found = json.loads(run_tool(["nft", "-j", "-a", *words]))["nftables"]
    return [each[kind] for each in found if kind in each]
