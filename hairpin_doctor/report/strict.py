"""Strict decoding by type: cattrs with hooks that refuse what is of another type, instead of making it fit."""

from __future__ import annotations

import dataclasses
import ipaddress
import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

from cattrs import Converter
from cattrs.gen import make_dict_structure_fn

from probes.target import Network

ADDRESSES = frozenset((ipaddress.IPv4Address, ipaddress.IPv6Address))
LARGEST = 2**64  # counters are 64 bits wide; NaN and infinity are not <= it
NETWORKS = frozenset((ipaddress.IPv4Network, ipaddress.IPv6Network))


class WrongType(ValueError):
    """A value of another type than the field has; the message is one phrase."""


def as_object(value: object, what: str) -> dict[str, Any]:
    """A JSON object, or WrongType that says what was expected."""
    if not isinstance(value, dict):
        raise WrongType(f"{what} is no JSON object")
    return value


def as_list(value: object, what: str) -> list[Any]:
    """A JSON array, or WrongType."""
    if not isinstance(value, list):
        raise WrongType(f"{what} is no JSON array")
    return value


def as_text(value: object, what: str) -> str:
    """A text, or WrongType."""
    if not isinstance(value, str):
        raise WrongType(f"{what} is no text")
    return value


@cache
def converter() -> Converter:
    """cattrs with hooks for our types; cattrs' own defaults coerce ("1" to 1), hence the strict primitives."""
    made = Converter(detailed_validation=False)
    for exact in (bool, int, str):
        made.register_structure_hook(exact, _exactly(exact))
    made.register_structure_hook(float, _float)
    for single in (*ADDRESSES, *NETWORKS):
        made.register_structure_hook(single, _parsed(single))
        made.register_unstructure_hook(single, str)
    made.register_structure_hook_func(_is_literal, _literal)
    made.register_structure_hook_factory(_is_union, lambda kind: _union(made, kind))
    made.register_structure_hook_factory(_is_tuple, lambda kind: _tuple(made, kind))
    made.register_structure_hook_factory(_is_mapping, lambda kind: _mapping(made, kind))
    made.register_structure_hook_func(_is_enum, _enum)
    made.register_structure_hook_factory(dataclasses.is_dataclass, lambda kind: _dataclass(made, kind))
    return made


def _dataclass(made: Converter, kind: Any) -> Callable[[object, Any], object]:
    """By its fields; unknown ones are ignored, missing ones without a default raise KeyError."""
    decode = make_dict_structure_fn(kind, made, _cattrs_detailed_validation=False)
    return lambda value, _: decode(as_object(value, kind.__name__), kind)


def _exactly(kind: type) -> Callable[[object, Any], object]:
    def check(value: object, wanted: Any) -> object:
        if _is_enum(wanted):  # cattrs gives the hook of str every StrEnum as well
            return _enum(value, wanted)
        if type(value) is not kind:
            raise WrongType(f"{_short(value)} where {kind.__name__} belongs")
        if isinstance(value, int) and abs(value) > LARGEST:
            raise WrongType(f"{_short(value)} is too large")
        return value

    return check


def _float(value: object, _: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise WrongType(f"{_short(value)} where a finite number belongs")
    return value


def _parsed(kind: type) -> Callable[[object, Any], object]:
    return lambda value, _: kind(as_text(value, "an address"))


def address(value: object) -> Any:
    """An address of either family, or ValueError."""
    return ipaddress.ip_address(as_text(value, "an address"))


def _literal(value: object, kind: Any) -> object:
    if not any(type(value) is type(known) and value == known for known in get_args(kind)):
        raise WrongType(f"{_short(value)} is none of {', '.join(map(str, get_args(kind)))}")
    return value


def _enum(value: object, kind: Any) -> object:
    return kind(as_text(value, kind.__name__))


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _is_literal(kind: Any) -> bool:
    origin: object = get_origin(kind)
    return origin is Literal


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _is_tuple(kind: Any) -> bool:
    origin: object = get_origin(kind)
    return origin is tuple


def _is_mapping(kind: Any) -> bool:
    return get_origin(kind) in (dict, Mapping)


def _union(made: Converter, kind: Any) -> Callable[[object, Any], object]:
    members = set(get_args(kind))
    optional = type(None) in members
    members.discard(type(None))
    if members == ADDRESSES:
        decode: Callable[[object], object] = address
    elif members == NETWORKS:
        decode = _network
    else:
        (only,) = members

        def decode(value: object) -> object:
            return made.structure(value, only)

    return lambda value, _: None if optional and value is None else decode(value)


def _network(value: object) -> Network:
    return ipaddress.ip_network(as_text(value, "a network"))


def _tuple(made: Converter, kind: Any) -> Callable[[object, Any], object]:
    parts = get_args(kind)
    if parts[-1] is Ellipsis:
        return lambda value, _: tuple(made.structure(each, parts[0]) for each in as_list(value, "a list"))

    def fixed(value: object, _: Any) -> object:
        found = as_list(value, "a list")
        return tuple(made.structure(each, part) for each, part in zip(found, parts, strict=True))

    return fixed


def _mapping(made: Converter, kind: Any) -> Callable[[object, Any], object]:
    key, item = get_args(kind)
    return lambda value, _: {
        made.structure(k, key): made.structure(v, item) for k, v in as_object(value, "a map").items()
    }


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
