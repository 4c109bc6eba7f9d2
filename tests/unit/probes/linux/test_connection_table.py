"""The kernel's own table of counters, as two kernels print it."""

from __future__ import annotations

import pytest

from probes.linux.connection_table import _counted

# Linux 6.18, `lab run conntrack-table-full`, two CPUs
LINUX_6_18 = """entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop \
icmp_error  expect_new expect_create expect_delete search_restart
00040000  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000013 00000000 00000000  \
00000000 00000000 00000000 00000000
00040000  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000002 00000001 00000000 00000000  \
00000000 00000000 00000000 00000000
"""
# The head of kernels before 5.9 (net/netfilter/nf_conntrack_standalone.c), with numbers of our own
LINUX_4_19 = """entries  searched found new invalid ignore delete delete_list insert insert_failed drop early_drop \
icmp_error  expect_new expect_create expect_delete search_restart
00000005  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 0000000a 0000000b 00000000 00000000  \
00000000 00000000 00000000 00000000
"""


@pytest.mark.parametrize(("text", "expected"), [(LINUX_6_18, (20, 2)), (LINUX_4_19, (11, 10))])
def test_drops_and_failed_insertions_are_summed_over_all_cpus(text: str, expected: tuple[int, int]) -> None:
    assert _counted(text) == expected
