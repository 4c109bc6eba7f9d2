"""Targets of iptables-save rules as actions (iptables-extensions(8), TARGET EXTENSIONS)."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address

from probes.rulesets.actions import Action, ChangeMark, ForgetMark, HideSource, Translate, Unclear
from probes.rulesets.iptables_options import Option, number_of
from probes.rulesets.truth import ALL_BITS
from probes.rulesets.verdicts import Decide, Destination, Jump, Return

MOST_DESTINATIONS = 64


def target_of(jump: Option, options: list[Option]) -> list[Action]:
    """What `-j`/`-g` and the options after it do; a name that is no known target is a chain. Raises ValueError."""
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
    return [_mark_change(option.name, *number_of(option.value)) for option in options]


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
