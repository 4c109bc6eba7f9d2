"""What the doctor must say where two clients were scanned (cases/two_clients.py), by hand.

`client`, `host` and `both` know of the first VM alone; `all` is the host with the reports of both VMs.
"""

from __future__ import annotations

from collections.abc import Mapping

from hairpin_doctor.lab.cases.case import Expected, Vantage

Expectations = Mapping[Vantage, Expected]
HEALTHY, UNDETERMINED, UNEXPLAINED = (
    Expected("healthy", ()),
    Expected("undetermined", ()),
    Expected("unexplained", ()),
)
NOTES = ("HD001", "HD002")
"""What is noted of the VM that works, beside the other one's cause."""


def _found(*codes: str, allowed: tuple[str, ...] = NOTES) -> Expected:
    return Expected("diagnosed", codes, allowed)


EXPECTED: Mapping[str, Expectations] = {
    "two-vms-one-remembers-wrongly": {
        "client": _found("HD205"),
        "host": HEALTHY,
        "both": _found("HD205", allowed=()),
        "all": _found("HD205"),
    },
    # The first VM is served, and its report says nothing of the second one.
    "two-vms-other-port-disabled": {
        "client": Expected("healthy", ("HD001",)),
        "host": HEALTHY,
        "both": Expected("healthy", NOTES),
        "all": _found("HD307"),
    },
    "two-vms-one-port-isolated": {
        "client": UNDETERMINED,
        "host": HEALTHY,
        "both": _found("HD307", allowed=()),
        "all": _found("HD307"),
    },
    "two-vms-hairpin-off-on-one-port": {
        "client": UNDETERMINED,
        "host": HEALTHY,
        "both": _found("HD304", allowed=()),
        "all": _found("HD304"),
    },
    "two-vms-behind-the-backends-port": {
        "client": UNDETERMINED,
        "host": HEALTHY,
        "both": _found("HD304", allowed=()),
        "all": _found("HD304", allowed=()),
    },
    # Alone, the first VM may suspect that the bridge's MAC takes nothing; the second one is served by that very MAC.
    "two-vms-one-is-cut-off-by-tc": {
        "client": UNDETERMINED,
        "host": HEALTHY,
        "both": Expected("unexplained", ("HD302",)),
        "all": Expected("unexplained", (), NOTES),
    },
    "two-vms-bridge-takes-nothing": {
        "client": UNDETERMINED,
        "host": HEALTHY,
        "both": Expected("unexplained", ("HD302",)),
        "all": Expected("unexplained", ("HD302",)),
    },
    "two-vms-two-faults": {
        "client": _found("HD205"),
        "host": HEALTHY,
        "both": _found("HD205", allowed=()),
        "all": _found("HD205", "HD405", allowed=()),
    },
}
