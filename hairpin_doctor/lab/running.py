"""Building a case, proving that it shows its symptom, then handing it to whoever wants to examine it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases.case import Case
from hairpin_doctor.lab.checks import Observation, observe
from hairpin_doctor.lab.homelab import Variant
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.requirements import require_modules, require_root, require_tools


@dataclass(frozen=True)
class Setting:
    """A case with the names and the variant it is to be built with."""

    case: Case
    names: Names
    variant: Variant

    def lab(self) -> Lab:
        """The lab, not built yet. Raises CannotBuild if root, a tool or a kernel module is missing."""
        require_root()
        require_modules(self.case.modules)
        topology = self.case.build(self.names, self.variant)
        require_tools(topology)
        return Lab(topology, case=self.case.name)


Examine = Callable[[Lab, Setting], bool]
"""What happens to a lab whose symptom is proven, such as diagnosis and fix; True if all was as expected."""


def run_case(setting: Setting, tell: Callable[[Observation], None], examine: Sequence[Examine] = ()) -> bool:
    """Build, `tell` each observation of the symptom, and, if the symptom shows, go through `examine`.

    True if every step was as the case says. Raises CannotBuild, CommandFailed or NotReady.
    """
    with setting.lab() as lab:
        observations = observe(lab, setting.case.checks(setting.names))
        for observation in observations:
            tell(observation)
        return all(seen.holds for seen in observations) and all(step(lab, setting) for step in examine)
