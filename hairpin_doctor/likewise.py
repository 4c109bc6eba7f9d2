"""One cause that holds for several clients, as one diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hairpin_doctor.rule import Confidence, Diagnosis


def together(found: Sequence[tuple[str, Diagnosis]]) -> Diagnosis:
    """The surest one, which names the other clients and says what it is for each; their fixes come once it is mended."""
    chosen = min(found, key=lambda each: tuple(Confidence).index(each[1].confidence))
    others = [each for each in found if each is not chosen]
    clients = tuple(name for name, _ in found)
    if not others:
        return replace(chosen[1], clients=clients)
    summary = f"{chosen[1].summary} (likewise for {', '.join(name for name, _ in others)})"
    likewise = tuple(f"Likewise for {name}: {each.summary}." for name, each in others)
    return replace(chosen[1], summary=summary, because=(*chosen[1].because, *likewise), clients=clients)
