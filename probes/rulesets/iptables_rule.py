"""One rule of iptables-save as conditions and actions. Options are those of iptables(8) and iptables-extensions(8)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from probes.rulesets.actions import Action
from probes.rulesets.conditions import (
    Condition,
    In,
    IsBridged,
    IsLocal,
    MarkIs,
    NotTold,
    Opens,
    StateIn,
)
from probes.rulesets.fields import Field
from probes.rulesets.iptables_options import Option, number_of, options_of
from probes.rulesets.iptables_targets import target_of
from probes.rulesets.values import Values, of_names, of_networks, of_ports


def steps_of(tokens: list[str]) -> tuple[tuple[Condition | Action, ...], str | None]:
    """Conditions, then the target's action, and the rule's comment. Raises ValueError for what cannot be read."""
    options = options_of(tokens)
    target = next((n for n, option in enumerate(options) if option.name in ("-j", "-g")), len(options))
    comment = next((option.value for option in options if option.name == "--comment"), None)
    conditions = [step for option in options[:target] if (step := _condition(option))]
    actions = target_of(options[target], options[target + 1 :]) if target < len(options) else []
    return (*conditions, *actions), comment


def _condition(option: Option) -> Condition | None:
    if option.name in _IGNORED:
        return None
    make = _CONDITIONS.get(option.name)
    return make(option) if make else NotTold(option.text)


def _addresses(field: Field) -> Callable[[Option], Condition]:
    return lambda option: In(field, of_networks(option.value.split(",")), option.negated)


def _interface(field: Field) -> Callable[[Option], Condition]:
    return lambda option: In(field, of_names([option.value], "+"), option.negated)


def _ports(option: Option) -> Condition:
    return In("port", of_ports(option.value.split(",")), option.negated)


def _protocol(option: Option) -> Condition:
    name = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "ipv6-icmp": "icmpv6"}.get(option.value)
    return In("protocol", Values(frozenset({name or option.value.lower()})), option.negated)


def _state(option: Option) -> Condition:
    return StateIn(frozenset(option.value.lower().split(",")), option.negated)


def _mark(option: Option) -> Condition:
    value, mask = number_of(option.value)
    return MarkIs(value, mask, option.negated)


def _address_type(option: Option) -> Condition:
    end = "source" if option.name == "--src-type" else "destination"
    types = option.value.split(",")
    if types == ["LOCAL"]:
        return IsLocal("source" if end == "source" else "destination", option.negated)
    return NotTold(option.text)


def _range(field: Field) -> Callable[[Option], Condition]:
    def make(option: Option) -> Condition:
        low, _, high = option.value.partition("-")
        ends = (ip_address(low), ip_address(high or low))
        return In(field, Values(ranges=(ends,)), option.negated)

    return make


def _tcp_flags(option: Option) -> Condition:
    opening = len(option.values) == 2 and set(option.value.split(",")) == {"FIN", "SYN", "RST", "ACK"}
    return Opens(option.negated) if opening and option.values[1] == "SYN" else NotTold(option.text)


def _remembering(option: Option) -> Condition | None:
    """`-m recent --set` notes the source address and always matches: session affinity in kube-proxy's KUBE-SEP chains."""
    return NotTold(option.text) if option.negated or option.values else None


_IGNORED = frozenset(
    {
        "-m",
        "--comment",
        "--name",
        "--mask",
        "--rsource",
        "--rdest",
    }  # the last four say how `recent` keeps its list
)
_CONDITIONS: dict[str, Callable[[Option], Condition | None]] = {
    "-s": _addresses("source"),
    "-d": _addresses("destination"),
    "--src-range": _range("source"),
    "--dst-range": _range("destination"),
    "-p": _protocol,
    "--dport": _ports,
    "--dports": _ports,
    "-i": _interface("incoming"),
    "-o": _interface("outgoing"),
    "--physdev-in": _interface("physdev_in"),
    "--physdev-out": _interface("physdev_out"),
    "--physdev-is-bridged": lambda option: IsBridged(option.negated),
    "--ctstate": _state,
    "--state": _state,
    "--ctstatus": _state,
    "--mark": _mark,
    "--src-type": _address_type,
    "--dst-type": _address_type,
    "--tcp-flags": _tcp_flags,
    "--set": _remembering,
    "--syn": lambda option: Opens(option.negated),
}
