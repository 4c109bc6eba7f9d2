"""Everything on a machine that an undo must restore, to be compared before and after.

Left out are counters, handles and what is learned: learned neighbours and FDB entries, and the indexes of interfaces; of
IPv6 also what routers advertise, temporary addresses, the link-local address that comes with an interface's MAC, and the
kernel's own routes for these, for multicast, and for the addresses that are compared themselves; and in which order the
addresses of an interface stand.
"""

from __future__ import annotations

import json
from ipaddress import IPv6Address
from typing import Any

from hairpin_doctor.machine.commands import Place, run

PASSING = {
    "ifindex", "link_index", "iflink", "stats", "stats64", "preferred_life_time", "valid_life_time", "used",
    "refcnt", "probes", "operstate", "flags", "linkmode", "promiscuity", "allmulti",
    "hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "root_port", "root_path_cost",
    "topology_change", "topology_change_detected", "hold_timer", "message_age_timer", "forward_delay_timer",
    "num_tx_queues", "num_rx_queues", "qdisc", "tentative", "expires",
}  # fmt: skip
COMMANDS = {
    "links": "ip -json -d link show",
    "addresses": "ip -json addr show",
    "routes": "ip -json -4 route show table all",
    "IPv6 routes": "ip -json -6 route show table all",
    "rules": "ip -json rule show",
    "IPv6 rules": "ip -json -6 rule show",
    "neighbours": "ip -json neigh show nud permanent",
    "forwarding database": "bridge -json fdb show",
    "port flags": "bridge -json -d link show",
    "port VLANs": "bridge -json vlan show",
    "settings": "grep -rs '' /proc/sys/net | grep -v -e /neigh/ -e conntrack_count | sort",
    "nftables": "nft -s list ruleset",
    "legacy iptables": "iptables-legacy-save",
    "legacy ip6tables": "ip6tables-legacy-save",
}
MARK = "=== "


def machine_state(place: Place) -> dict[str, list[str]]:
    """Links, addresses, routes, rules, neighbours, FDB, settings and rulesets of a machine, each as lines; of both IPs."""
    script = "\n".join(f"echo '{MARK}{what}'; {command}; echo" for what, command in COMMANDS.items())
    said = run(place.wrap(["/bin/sh", "-c", script]))
    sections = (part.partition("\n") for part in said.split(MARK) if part)
    return {what: _lines(what, text.strip()) for what, _, text in sections}


def _lines(what: str, text: str) -> list[str]:
    if what.startswith("legacy "):
        return _without_counters(text)
    if "-json" not in COMMANDS[what]:
        return text.splitlines()
    entries = [each for each in json.loads(text or "[]") if each]
    if what == "forwarding database":
        entries = [each for each in entries if each.get("state") in ("permanent", "static")]
    if what == "addresses":
        entries = [{**each, "addr_info": _own(each)} for each in entries]
    if what == "IPv6 routes":
        entries = [each for each in entries if not _follows(each)]
    return sorted(json.dumps(_lasting(each), sort_keys=True) for each in entries)


def _own(link: dict[str, Any]) -> list[dict[str, Any]]:
    """The addresses that somebody gave the interface; IPv6 ones sorted, since one that is put back stands first."""
    lasting = (each for each in link["addr_info"] if not _comes_by_itself(each, link))
    return sorted(lasting, key=lambda each: each["local"] if each["family"] == "inet6" else "")


def _comes_by_itself(own: dict[str, Any], link: dict[str, Any]) -> bool:
    """An IPv6 address that is advertised, temporary, or made of the interface's MAC (RFC 4291, appendix A)."""
    if own.get("family") != "inet6":
        return False
    if own.get("dynamic") or own.get("temporary") or own.get("protocol") == "kernel_ll":
        return True
    mac = link.get("address", "")
    return own["scope"] == "link" and own["local"] == str(_of_mac(mac)) if mac.count(":") == 5 else False


def _of_mac(mac: str) -> IPv6Address:
    first, *rest = bytes.fromhex(mac.replace(":", ""))
    number = bytes((first ^ 0x02, *rest[:2], 0xFF, 0xFE, *rest[2:]))
    return IPv6Address(bytes.fromhex("fe80") + bytes(6) + number)


def _follows(route: dict[str, Any]) -> bool:
    """A route of the kernel's own, for an address or for multicast, or one that a router advertised."""
    mine = route.get("protocol") == "kernel"
    of_addresses = route.get("table") == "local" or route["dst"].startswith(("fe80:", "ff00:", "multicast"))
    return route.get("protocol") == "ra" or (mine and of_addresses)


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
