"""Answers about eBPF programs at the ingress of interfaces: XDP and tc by rtnetlink, tcx by bpf(2).

Cilium attaches by tcx where the kernel has it (6.6), else by tc; only bpf(2) lists tcx. Attributes and numbers are those of
linux/bpf.h; a kernel that does not know tcx says EINVAL.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator

from pyroute2 import IPRoute

from probes.questions.firewall import IngressProgram, IngressPrograms

SYSCALL = {
    "x86_64": 321,
    "aarch64": 280,
    "riscv64": 280,
    "armv7l": 386,
    "i686": 357,
    "ppc64le": 361,
    "s390x": 351,
}
PROG_GET_FD_BY_ID, OBJ_GET_INFO_BY_FD, PROG_QUERY = 13, 15, 16
TCX_INGRESS = 46
MOST_PROGRAMS = 64
CLSACT_INGRESS = 0xFFFFFFF2  # TC_H_CLSACT | TC_H_MIN_INGRESS, linux/pkt_sched.h
NAME = slice(64, 80)  # of struct bpf_prog_info
ABSENT = (errno.EINVAL, errno.ENOSYS, errno.ENODEV, errno.ENOENT, errno.EOPNOTSUPP)


def ingress_programs(_: IngressPrograms) -> tuple[IngressProgram, ...]:
    """Ask for every interface. Raises PermissionError where bpf(2) is not allowed."""
    found: list[IngressProgram] = []
    with IPRoute() as netlink:
        for link in netlink.get_links():
            index = link["index"]
            found += _xdp(link, index)
            found += (IngressProgram(index, "tcx", _name(each)) for each in _tcx(index))
            found += (IngressProgram(index, "tc", name) for name in _tc(netlink, index))
    return tuple(found)


def _xdp(link: object, index: int) -> Iterator[IngressProgram]:
    number = link.get(("xdp", "prog_id"))  # type: ignore[attr-defined]  # pyroute2 has no types
    if number:
        yield IngressProgram(index, "xdp", _name(number))


def _tc(netlink: object, index: int) -> Iterator[str | None]:
    """The names that filters of kind bpf carry, as `tc filter show dev IF ingress` prints them."""
    for each in netlink.get_filters(index=index, parent=CLSACT_INGRESS):  # type: ignore[attr-defined]
        options = each.get("TCA_OPTIONS")
        if each.get("TCA_KIND") == "bpf" and options is not None:
            yield options.get("TCA_BPF_NAME")


def _tcx(index: int) -> list[int]:
    """The ids of the programs in the order in which they run."""
    ids = (ctypes.c_uint32 * MOST_PROGRAMS)()
    asked = struct.pack("<IIIIQI", index, TCX_INGRESS, 0, 0, ctypes.addressof(ids), MOST_PROGRAMS)
    done, said = _bpf(PROG_QUERY, asked)
    if done < 0:
        return []
    (count,) = struct.unpack_from("<I", said, 24)
    return list(ids)[:count]


def _name(number: int) -> str | None:
    """The program's own name; None where we may not see it (CAP_SYS_ADMIN) or it has gone."""
    try:
        descriptor, _ = _bpf(PROG_GET_FD_BY_ID, struct.pack("<III", number, 0, 0))
    except PermissionError:
        return None
    if descriptor < 0:
        return None
    try:
        info = ctypes.create_string_buffer(256)
        done, _ = _bpf(OBJ_GET_INFO_BY_FD, struct.pack("<IIQ", descriptor, len(info), ctypes.addressof(info)))
        return info.raw[NAME].rstrip(b"\0").decode(errors="replace") or None if done >= 0 else None
    finally:
        os.close(descriptor)


def _bpf(command: int, attributes: bytes) -> tuple[int, bytes]:
    """The system call: its result and the attributes as the kernel left them; -1 where it knows no such thing."""
    number = SYSCALL.get(platform.machine())
    if number is None:
        return -1, attributes
    libc = ctypes.CDLL(None, use_errno=True)
    given = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    done = libc.syscall(number, command, given, 128)
    code = ctypes.get_errno()
    if done < 0 and code not in ABSENT:
        raise OSError(code, os.strerror(code))
    return done, given.raw
