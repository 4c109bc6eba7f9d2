"""One rule of iptables-save as conditions and actions. Options are those of iptables(8) and iptables-extensions(8)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from probes.rulesets.actions import Action, ChangeMark, ForgetMark, HideSource, Translate, Unclear
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
from probes.rulesets.truth import ALL_BITS
from probes.rulesets.values import Values, of_names, of_networks, of_ports
from probes.rulesets.verdicts import Decide, Destination, Jump, Return

MOST_DESTINATIONS = 64
_PLAIN = re.compile(r'"([^"]*)"|([^\s"]+)')


@dataclass(frozen=True)
class Option:
    """An option with its values; `negated` for a preceding `!`."""

    name: str
    values: tuple[str, ...]
    negated: bool

    @property
    def value(self) -> str:
        """The first value. Raises ValueError where there is none."""
        if not self.values:
            raise ValueError(f"{self.name} has no value")
        return self.values[0]

    @property
    def text(self) -> str:
        """As written."""
        return " ".join(("! " * self.negated + self.name, *self.values))


def tokens_of(text: str) -> list[str]:
    """Split as a shell does; shlex only where a backslash or single quote needs it (it is 30 times slower)."""
    if "\\" in text or "'" in text:
        return shlex.split(text)
    if text.count('"') % 2:
        raise ValueError("a quotation mark is not closed")
    return [quoted or bare for quoted, bare in _PLAIN.findall(text)]


def options_of(tokens: list[str]) -> list[Option]:
    """Group tokens into options; the value of --comment and of prefixes may begin with a dash."""
    found: list[Option] = []
    index, negated = 0, False
    while index < len(tokens):
        name = tokens[index]
        index += 1
        if name == "!":
            negated = True
            continue
        start = index
        if name in ("--comment", "--log-prefix", "--nflog-prefix", "--string"):
            index += 1
        while index < len(tokens) and tokens[index] != "!" and not tokens[index].startswith("-"):
            index += 1
        found.append(Option(name, tuple(tokens[start:index]), negated))
        negated = False
    return found


def steps_of(tokens: list[str]) -> tuple[tuple[Condition | Action, ...], str | None]:
    """Conditions, then the target's action, and the rule's comment. Raises ValueError for what cannot be read."""
    options = options_of(tokens)
    target = next((n for n, option in enumerate(options) if option.name in ("-j", "-g")), len(options))
    comment = next((option.value for option in options if option.name == "--comment"), None)
    conditions = [step for option in options[:target] if (step := _condition(option))]
    actions = _target(options[target], options[target + 1 :]) if target < len(options) else []
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
    value, mask = _number(option.value)
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


_IGNORED = frozenset({"-m", "--comment"})
_CONDITIONS: dict[str, Callable[[Option], Condition]] = {
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
    "--syn": lambda option: Opens(option.negated),
}


def _number(text: str) -> tuple[int, int]:
    value, _, mask = text.partition("/")
    return int(value, 0) & ALL_BITS, int(mask, 0) & ALL_BITS if mask else ALL_BITS


def _target(jump: Option, options: list[Option]) -> list[Action]:
    if jump.name == "-g":
        return [Jump(jump.value, comes_back=False)]
    make = _TARGETS.get(jump.value)
    return make(options) if make else [Jump(jump.value)]


def _translate(options: list[Option]) -> list[Action]:
    found: list[Destination] = []
    for option in options:
        if option.name == "--to-destination":
            found += _destinations(option.value)
        elif option.name == "--to-ports":
            found.append(Destination(None, int(option.value.split("-")[0])))
    return [Translate(tuple(found))]


def _redirect(options: list[Option]) -> list[Action]:
    return _translate(options) if options else [Translate((Destination(None, None),))]


def _destinations(text: str) -> list[Destination]:
    """Of "10.0.0.1-10.0.0.3:80-90", "[2001:db8::1]:80", "10.0.0.1", ":8080" (first port of a range)."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.lstrip(":")
    elif text.count(":") > 1:
        host, port = text, ""
    else:
        host, _, port = text.partition(":")
    number = int(re.split(r"[-/]", port)[0]) if port else None
    if not host:
        return [Destination(None, number)]
    low_text, _, high_text = host.partition("-")
    low = ip_address(low_text)
    count = int(ip_address(high_text)) - int(low) if high_text else 0
    return [Destination(low + step, number) for step in range(min(count, MOST_DESTINATIONS - 1) + 1)]


def _set_mark(options: list[Option]) -> list[Action]:
    return [_mark_change(option.name, *_number(option.value)) for option in options]


def _mark_change(name: str, value: int, mask: int) -> Action:
    """Iptables-extensions(8), MARK: --set-xmark, --set-mark, --and-mark, --or-mark, --xor-mark."""
    match name:
        case "--set-xmark":
            return ChangeMark(ALL_BITS & ~mask, value)
        case "--set-mark":
            return ChangeMark(ALL_BITS & ~(mask | value), value)
        case "--and-mark":
            return ChangeMark(value, 0)
        case "--or-mark":
            return ChangeMark(ALL_BITS & ~value, value)
        case "--xor-mark":
            return ChangeMark(ALL_BITS, value)
    return ForgetMark()


def _connmark(options: list[Option]) -> list[Action]:
    return [ForgetMark()] if any(option.name == "--restore-mark" for option in options) else []


def _unclear(name: str) -> Callable[[list[Option]], list[Action]]:
    return lambda options: [Unclear(" ".join([name, *(option.text for option in options)]))]


def _nothing(_: list[Option]) -> list[Action]:
    return []


_SEEING = "LOG NFLOG ULOG TRACE TCPMSS CT NOTRACK SET CLASSIFY DSCP TOS TTL HL CHECKSUM AUDIT SECMARK RATEEST"
_TARGETS: dict[str, Callable[[list[Option]], list[Action]]] = {
    "ACCEPT": lambda _: [Decide("accept")],
    "DROP": lambda _: [Decide("drop")],
    "REJECT": lambda _: [Decide("reject")],
    "RETURN": lambda _: [Return()],
    "DNAT": _translate,
    "REDIRECT": _redirect,
    "MASQUERADE": lambda _: [HideSource()],
    "SNAT": lambda _: [HideSource()],
    "MARK": _set_mark,
    "CONNMARK": _connmark,
    **{name: _unclear(name) for name in ("NFQUEUE", "TPROXY", "NETMAP", "SYNPROXY", "QUEUE", "DNPT")},
    **dict.fromkeys(_SEEING.split(), _nothing),
}
