"""Everything on a machine that an undo must restore, to be compared before and after.

Left out are counters, handles and what is learned: learned neighbours and FDB entries, and the indexes of interfaces.
"""

from __future__ import annotations

import json
from typing import Any

from hairpin_doctor.machine.commands import Place, run

PASSING = {
    "ifindex", "link_index", "iflink", "stats", "stats64", "preferred_life_time", "valid_life_time", "used",
    "refcnt", "probes", "operstate", "flags", "linkmode", "promiscuity", "allmulti",
    "hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "root_port", "root_path_cost",
    "topology_change", "topology_change_detected", "hold_timer", "message_age_timer", "forward_delay_timer",
    "num_tx_queues", "num_rx_queues", "qdisc",
}  # fmt: skip
COMMANDS = {
    "links": "ip -json -d link show",
    "addresses": "ip -json -4 addr show",
    "routes": "ip -json -4 route show table all",
    "rules": "ip -json rule show",
    "neighbours": "ip -json -4 neigh show nud permanent",
    "forwarding database": "bridge -json fdb show",
    "port flags": "bridge -json -d link show",
    "port VLANs": "bridge -json vlan show",
    "settings": "grep -rs '' /proc/sys/net | grep -v -e /neigh/ -e conntrack_count | sort",
    "nftables": "nft -s list ruleset",
    "legacy iptables": "iptables-legacy-save",
}
MARK = "=== "


def machine_state(place: Place) -> dict[str, list[str]]:
    """Links, addresses, routes, rules, neighbours, FDB, settings and rulesets of a machine, each as lines."""
    script = "\n".join(f"echo '{MARK}{what}'; {command}; echo" for what, command in COMMANDS.items())
    said = run(place.wrap(["/bin/sh", "-c", script]))
    sections = (part.partition("\n") for part in said.split(MARK) if part)
    return {what: _lines(what, text.strip()) for what, _, text in sections}


def _lines(what: str, text: str) -> list[str]:
    if what == "legacy iptables":
        return _without_counters(text)
    if "-json" not in COMMANDS[what]:
        return text.splitlines()
    entries = [each for each in json.loads(text or "[]") if each]
    if what == "forwarding database":
        entries = [each for each in entries if each.get("state") in ("permanent", "static")]
    return sorted(json.dumps(_lasting(each), sort_keys=True) for each in entries)


def differences(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """What is there only before or only after, one line each."""
    found: list[str] = []
    for what, lines in before.items():
        found += [f"{what}: gone: {line}" for line in lines if line not in after[what]]
        found += [f"{what}: new: {line}" for line in after[what] if line not in lines]
        if what == "nftables" and lines != after[what] and not found:
            found.append("nftables: the order differs")
    return found


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _lasting(each) for key, each in value.items() if key not in PASSING}
        return kept | {"up": "UP" in value["flags"]} if isinstance(value.get("flags"), list) else kept
    return [_lasting(each) for each in value] if isinstance(value, list) else value


def _without_counters(text: str) -> list[str]:
    """Rules, chains of users, and policies; that a table is loaded at all is none of them."""
    lines = (line.split(" [")[0] for line in text.splitlines())
    return [
        line for line in lines if line.startswith("-A") or (line[:1] == ":" and not line.endswith(" ACCEPT"))
    ]
