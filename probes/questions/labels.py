"""Label selectors of Kubernetes: which objects an advertisement means (apimachinery, LabelSelector)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Requirement:
    """One of matchExpressions. `operator`: In, NotIn, Exists or DoesNotExist; another one matches nothing."""

    key: str
    operator: str
    values: tuple[str, ...]

    def matches(self, labels: Labels) -> bool:
        """NotIn also matches objects without the label (apimachinery, labels.Requirement.Matches)."""
        value = labels.get(self.key)
        return {
            "In": value is not None and value in self.values,
            "NotIn": value is None or value not in self.values,
            "Exists": value is not None,
            "DoesNotExist": value is None,
        }.get(self.operator, False)


@dataclass(frozen=True)
class Selector:
    """All of its conditions must hold; one without any matches everything."""

    match_labels: Labels
    expressions: tuple[Requirement, ...] = ()

    def matches(self, labels: Labels) -> bool:
        """Whether an object with these labels is meant."""
        wanted = all(labels.get(key) == value for key, value in self.match_labels.items())
        return wanted and all(each.matches(labels) for each in self.expressions)
