"""Taking an address from a machine that should not have it."""

from __future__ import annotations

from hairpin_doctor.fixes.changes import InterfaceAddress
from hairpin_doctor.fixes.fix import Step
from probes.questions.links import Link
from probes.target import Address

RETURNS = (
    "Whoever gave it the address (a file, a DHCP server, a program) gives it again: end that there as well."
)


def give_up(machine: str, link: Link, address: Address) -> Step:
    """The address, which the interface carries, is taken off it."""
    length = next(each.prefix_length for each in link.addresses if each.address == address)
    return Step(
        place="host",
        machine=machine,
        why="an address has one owner",
        changes=(InterfaceAddress(f"{address}/{length}", link.name, present=False),),
    )
