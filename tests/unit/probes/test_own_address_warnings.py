"""The kernel's word about frames with one of our own MACs as their source."""

from __future__ import annotations

from typing import Any

import pytest

from probes.host import Denied
from probes.own_address_warnings import WITHIN_SECONDS, OwnAddressWarning, own_address_warnings
from probes.probe import Phase, Scope
from probes.questions.machine import KernelLog, LogLine

MAC = "5a:94:3f:82:eb:d2"
TEXT = "br0: received packet on {} with own address as source address (addr:{}, vlan:0)"
ASKED = KernelLog("with own address as source address", WITHIN_SECONDS)


def warnings(fake: Any, *lines: LogLine) -> tuple[OwnAddressWarning, ...]:
    found: tuple[OwnAddressWarning, ...] = own_address_warnings.look(fake({ASKED: lines}), Scope(())).warnings
    return found


def test_the_newest_line_per_port_and_mac_counts(fake: Any) -> None:
    lines = [LogLine(ago, TEXT.format("vnet1", MAC)) for ago in (20.0, 3.5, 9.0)]
    other = LogLine(7.0, TEXT.format("eno1", MAC))
    assert warnings(fake, *lines, other) == (
        OwnAddressWarning("vnet1", MAC, 3.5),
        OwnAddressWarning("eno1", MAC, 7.0),
    )


@pytest.mark.parametrize(
    "text", ["received packet with own address as source address", TEXT.format("vnet1", "not-a-mac")]
)
def test_a_line_of_another_form_is_passed_over(fake: Any, text: str) -> None:
    assert warnings(fake, LogLine(1.0, text)) == ()


def test_a_log_that_may_not_be_read_is_no_empty_log(fake: Any) -> None:
    with pytest.raises(Denied):
        own_address_warnings.look(fake({ASKED: Denied("CAP_SYSLOG", "the log")}), Scope(()))
    assert own_address_warnings.phase is Phase.AFTER
