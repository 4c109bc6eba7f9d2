"""eBPF programs at the ingress of an interface, as Cilium attaches them: real ones, loaded by bpf(2)."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from probes.linux.ebpf import SYSCALL, TCX_INGRESS
from probes.questions.firewall import IngressProgram, IngressPrograms

PROG_LOAD, LINK_CREATE = 5, 28  # linux/bpf.h
SCHED_CLS = 3
PASSES_ON = struct.pack("<BBhi", 0xB7, 0, 0, -1) + struct.pack("<BBhi", 0x95, 0, 0, 0)  # r0 = TCX_NEXT; exit


def bpf(command: int, attributes: bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    done: int = libc.syscall(SYSCALL[os.uname().machine], command, attributes.ljust(128, b"\0"), 128)
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


def load(name: bytes) -> int:
    """A program that passes everything on. Returns its file descriptor."""
    code, licence = ctypes.create_string_buffer(PASSES_ON), ctypes.create_string_buffer(b"GPL")
    head = struct.pack("<IIQQ", SCHED_CLS, 2, ctypes.addressof(code), ctypes.addressof(licence))
    return bpf(
        PROG_LOAD,
        head
        + struct.pack("<IIQII", 0, 0, 0, 0, 0)[:24]
        + name.ljust(16, b"\0")
        + struct.pack("<II", 0, TCX_INGRESS),
    )


@pytest.fixture
def attached(net: Any) -> Iterator[int]:
    """The index of eth0 of machine `a`, which has a program under tcx; it goes away with the descriptor."""
    with ExitStack() as opened:

        def attach() -> int:
            index = socket.if_nametoindex("eth0")
            program = load(b"cil_from_netdev")
            opened.callback(os.close, program)
            try:
                link = bpf(LINK_CREATE, struct.pack("<IIII", program, index, TCX_INGRESS, 0))
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                pytest.skip("this kernel has no tcx (6.6)")
            opened.callback(os.close, link)
            return index

        yield net.inside("a", attach)


@pytest.mark.lab
def test_a_program_under_tcx_is_seen_with_its_name_at_its_interface_only(net: Any, attached: int) -> None:
    assert net.ask("a", IngressPrograms()) == (IngressProgram(attached, "tcx", "cil_from_netdev"),)
    assert net.ask("b", IngressPrograms()) == ()


@pytest.mark.lab
def test_a_filter_of_tc_is_seen_with_the_name_it_was_given(net: Any) -> None:
    index = net.inside("b", lambda: socket.if_nametoindex("eth0"))
    net.run("b", "tc", "qdisc", "add", "dev", "eth0", "clsact")
    net.run("b", "tc", "filter", "add", "dev", "eth0", "ingress", "bpf", "bytecode", "1,6 0 0 0,")
    (found,) = net.ask("b", IngressPrograms())
    assert (found.interface, found.hook) == (index, "tc")
