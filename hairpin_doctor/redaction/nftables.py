"""The JSON text of `nft -j list ruleset`, redacted: its keys are the language of nft, its texts are redacted as such."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from typing import Any

from hairpin_doctor.redaction.addresses import CannotRedact
from hairpin_doctor.redaction.text import Redactor


def redact_json(text: str, redactor: Redactor) -> str:
    """The same JSON for strangers. Raises CannotRedact for what is no JSON of nft, or holds what would lose its meaning."""
    try:
        return json.dumps(_value(json.loads(text), redactor))
    except RecursionError:
        raise CannotRedact("it is nested too deeply") from None
    except json.JSONDecodeError:
        raise CannotRedact("it is no JSON") from None


def _value(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, list):
        return [_value(each, redactor) for each in value]
    if isinstance(value, dict):
        return {key: _member(key, each, redactor) for key, each in value.items()}
    return value


def _member(key: str, value: Any, redactor: Redactor) -> Any:
    """A prefix and a range are more than the texts in them (libnftables-json(5), EXPRESSIONS)."""
    try:
        if key == "prefix" and isinstance(value, dict):
            network = ip_network((value["addr"], value["len"]), strict=False)
            return {"addr": str(redactor.addresses.network(network).network_address), "len": value["len"]}
        if key == "range" and isinstance(value, list) and all(isinstance(each, str) for each in value):
            low, high = map(ip_address, value)
            return [str(each) for each in redactor.addresses.ends(low, high)]
    except CannotRedact:
        raise
    except (ValueError, TypeError, KeyError):  # names, ports or sets: no addresses
        return _value(value, redactor)
    return _value(value, redactor)
