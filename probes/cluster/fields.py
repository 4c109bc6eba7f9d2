"""Reading objects of an API that nobody vouches for: what is missing or of another type reads as empty."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Any

from probes.cluster.api import JsonObject
from probes.questions.labels import Labels, Requirement, Selector
from probes.target import Address, Network

NAME = re.compile(
    r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII
)  # RFC 1123 subdomain, as Kubernetes wants names
INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:+-]{0,14}", re.ASCII)
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,316}", re.ASCII)
PLAIN = re.compile(r"[ -~]{0,400}", re.ASCII)
LARGEST_NUMBER = 2**32


def at(value: object, *path: str) -> Any:
    """What lies at the path of keys, None where it does not lead."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: object, *path: str) -> str:
    """Printable ASCII, "" for anything else."""
    found = at(value, *path)
    return found if isinstance(found, str) and PLAIN.fullmatch(found) else ""


def name(value: object, *path: str) -> str:
    """The name of an object, "" for what Kubernetes would not take as one."""
    found = text(value, *path)
    return found if NAME.fullmatch(found) else ""


def names(value: object, *path: str) -> tuple[str, ...]:
    """The names in a list."""
    return tuple(each for each in texts(value, *path) if NAME.fullmatch(each))


def interfaces(value: object, *path: str) -> tuple[str, ...]:
    """The interface names in a list."""
    return tuple(each for each in texts(value, *path) if INTERFACE.fullmatch(each))


def number(value: object, *path: str) -> int:
    """A whole number, 0 for anything else."""
    found = at(value, *path)
    return found if type(found) is int and 0 <= found <= LARGEST_NUMBER else 0


def truth(value: object, *path: str) -> bool | None:
    """True or false, None for anything else."""
    found = at(value, *path)
    return found if isinstance(found, bool) else None


def objects(value: object, *path: str) -> tuple[JsonObject, ...]:
    """The objects in a list."""
    found = at(value, *path)
    return tuple(each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()


def texts(value: object, *path: str) -> tuple[str, ...]:
    """The printable texts in a list."""
    found = at(value, *path)
    listed = found if isinstance(found, list) else ()
    return tuple(each for each in listed if isinstance(each, str) and each and PLAIN.fullmatch(each))


def labels(value: object, *path: str) -> Labels:
    """Labels that follow the rules for labels."""
    found = at(value, *path)
    pairs = found.items() if isinstance(found, dict) else ()
    return {
        k: v for k, v in pairs if isinstance(v, str) and LABEL.fullmatch(k) and (not v or LABEL.fullmatch(v))
    }


def conditions(value: object) -> dict[str, str]:
    """The conditions in an object's status: type -> "True", "False" or "Unknown"."""
    listed = objects(value, "status", "conditions")
    return {text(each, "type"): text(each, "status") for each in listed}


def selector(value: object) -> Selector:
    """A LabelSelector."""
    requirements = (
        Requirement(text(each, "key"), text(each, "operator"), texts(each, "values"))
        for each in objects(value, "matchExpressions")
    )
    return Selector(labels(value, "matchLabels"), tuple(requirements))


def selectors(value: object, *path: str) -> tuple[Selector, ...]:
    """The LabelSelectors in a list."""
    return tuple(selector(each) for each in objects(value, *path))


def addresses(listed: Iterable[str]) -> tuple[Address, ...]:
    """Those that are addresses, each once."""
    return tuple(dict.fromkeys(found for each in listed if (found := address(each)) is not None))


def address(written: str) -> Address | None:
    """An address, None for anything else."""
    try:
        return ipaddress.ip_address(written.strip())
    except ValueError:
        return None


def networks(listed: Iterable[str]) -> tuple[Network, ...]:
    """Those that are prefixes, with or without bits behind the mask."""
    found = []
    for each in listed:
        try:
            found.append(ipaddress.ip_network(each.strip(), strict=False))
        except ValueError:
            continue
    return tuple(found)


def ranges(listed: Iterable[str]) -> tuple[Network, ...]:
    """Prefixes and ranges "first-last", as an IPAddressPool writes them; a range becomes the prefixes it consists of."""
    found: list[Network] = []
    for each in listed:
        first, dash, last = each.partition("-")
        found.extend(_range(address(first), address(last)) if dash else networks([each]))
    return tuple(found)


def _range(first: Address | None, last: Address | None) -> Iterator[Network]:
    """Nothing where the ends are of two families, or the last one lies before the first."""
    if first is None or last is None or first.version != last.version or int(first) > int(last):
        return
    found: Iterator[Network] = ipaddress.summarize_address_range(first, last)
    yield from found
