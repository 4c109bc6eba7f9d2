"""Reading the part of a MetalLB manifest that an announcer obeys."""

from __future__ import annotations

from typing import Any


class ManifestError(ValueError):
    """The text is no YAML, or holds no usable L2Advertisement."""


def announcing_interfaces(text: str) -> tuple[str, ...]:
    """`spec.interfaces` of the one L2Advertisement in `text`; () if it names none, which means every interface.

    Other documents are passed over. Raises ManifestError.
    """
    import yaml  # takes 15 ms, and only whoever applies a manifest needs it

    try:
        documents: list[Any] = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise ManifestError(f"not YAML: {error}") from error
    found = [d for d in documents if isinstance(d, dict) and d.get("kind") == "L2Advertisement"]
    if len(found) != 1:
        raise ManifestError(f"expected one L2Advertisement, found {len(found)}")
    interfaces = (found[0].get("spec") or {}).get("interfaces") or []
    if not isinstance(interfaces, list) or not all(isinstance(name, str) for name in interfaces):
        raise ManifestError("spec.interfaces must be a list of names")
    return tuple(interfaces)
