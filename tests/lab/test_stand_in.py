"""A stand-in client on the host's bridge says what the VM and the host say together, and leaves nothing behind."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hairpin_doctor.lab.build import Lab
from hairpin_doctor.lab.cases import find
from hairpin_doctor.lab.expected_stand_in import expected_of_a_stand_in
from hairpin_doctor.lab.homelab import Variant, homelab
from hairpin_doctor.lab.machine_state import differences, machine_state
from hairpin_doctor.lab.names import Names
from hairpin_doctor.lab.running import Setting
from hairpin_doctor.lab.standing_in import stand_in_verdict
from hairpin_doctor.machine.commands import run
from hairpin_doctor.vantage_point import STAND_IN_PORT as PORT

pytestmark = pytest.mark.lab
NAMES = Names.story()
CASES = (
    "healthy",
    "l2-on-eno1",
    "vip-on-port-mac",
    "metallb0-rp-filter",
    "port-disabled",
    "split-brain-dead-node",
    "vip-on-port-mac-ipv6",
)
FREE = "192.168.8.230"  # the same at each run, though the host remembers who had it
SCAN = (sys.executable, "-m", "hairpin_doctor", "scan", "--no-cluster", "--stand-in", NAMES.bridge)


@pytest.mark.parametrize("name", CASES)
def test_the_host_alone_gives_the_verdict_that_is_expected_of_it(name: str) -> None:
    case = find(name)
    assert case is not None
    with Setting(case, NAMES, case.variant()).lab() as lab:
        found = stand_in_verdict(lab, case, NAMES)
    assert found.wrong(expected_of_a_stand_in(case, NAMES)) is None


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(homelab(NAMES, Variant())) as built:
        yield built


def bridge_of(lab: Lab) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What must be the same afterwards: all that lasts, and the promiscuity of bridge and ports."""
    base = Path("/sys/class/net") / NAMES.bridge
    script = f"cat {base}/address {base}/mtu; ip -d link show | grep -o 'promiscuity [0-9]*'"
    state = machine_state(lab.place("host"))
    state["settings"] = [
        line for line in state["settings"] if "nf_conntrack_count" not in line
    ]  # it counts traffic
    return state, {"bridge": run(lab.place("host").wrap(["sh", "-c", script]))}


def ports(lab: Lab) -> str:
    return run(lab.place("host").wrap(["bridge", "link"]))


def test_a_scan_leaves_the_host_as_it_was_and_says_what_it_did(lab: Lab) -> None:
    before, numbers = bridge_of(lab)
    done = lab.run("host", [*SCAN, "--stand-in-like", NAMES.tap])
    assert done.returncode == 0, done.stderr
    assert f"stand-in@{NAMES.tap}" in done.stdout
    assert PORT in done.stderr
    after, numbers_after = bridge_of(lab)
    assert differences(before, after) == []
    assert numbers_after == numbers


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (signal.SIGKILL, "standing in on"),  # while its address is proven to be free
        (signal.SIGKILL, f"the stand-in is {FREE}"),  # while it looks
        (signal.SIGINT, f"the stand-in is {FREE}"),
    ],
)
def test_nothing_is_left_however_it_ends(lab: Lab, how: signal.Signals, said: str) -> None:
    before, numbers = bridge_of(lab)
    scan = lab.popen("host", SCAN)
    assert scan.stderr is not None
    while said not in (line := scan.stderr.readline()):
        assert line, f"it ended before it said {said!r}"
    await_port(lab, there=True)
    scan.send_signal(how)
    scan.communicate()
    await_port(lab, there=False)
    after, numbers_after = bridge_of(lab)
    assert differences(before, after) == []
    assert numbers_after == numbers


def await_port(lab: Lab, *, there: bool) -> None:
    deadline = time.monotonic() + 10
    while (PORT in ports(lab)) != there:
        assert time.monotonic() < deadline, ports(lab)
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--stand-in", NAMES.uplink), "is no bridge"),
        (("--stand-in", "nowhere"), "there is no interface nowhere"),
        (("--stand-in", NAMES.bridge, "--stand-in-like", "nothing"), "nothing is no port of"),
        (("--stand-in", NAMES.bridge, "--stand-in-address", f"{NAMES.vm_ip}/24"), f"{NAMES.vm_ip} is taken"),
        (("--stand-in", NAMES.bridge, "--stand-in-address", "x"), "is no address"),
        (("--stand-in-like", NAMES.tap), "need --stand-in"),
    ],
)
def test_where_no_client_can_stand_in_one_sentence_says_why(
    lab: Lab, arguments: tuple[str, ...], said: str
) -> None:
    done = lab.run("host", [*SCAN[:5], *arguments])
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert PORT not in ports(lab)


def test_over_ipv6_too_nothing_is_left_and_no_address_is_taken_from_anybody() -> None:
    case = find("healthy-ipv6")
    assert case is not None
    names = case.addressed(NAMES)
    with Setting(case, NAMES, case.variant()).lab() as lab:
        before, numbers = bridge_of(lab)
        given = ("--stand-in-address", f"{names.vm_ip}/64")
        refused = lab.run("host", [*SCAN[:5], str(names.dns_vip), *SCAN[5:], *given])
        assert f"{names.vm_ip} is taken" in refused.stderr
        scan = lab.popen("host", [*SCAN[:5], str(names.dns_vip), *SCAN[5:]])
        assert scan.stderr is not None
        while "the stand-in is fd" not in (line := scan.stderr.readline()):
            assert line, "it ended before it had an address"
        scan.kill()
        scan.communicate()
        await_port(lab, there=False)
        after, numbers_after = bridge_of(lab)
    assert differences(before, after) == []
    assert numbers_after == numbers


def test_a_bridge_without_an_address_takes_a_stand_in_whose_address_is_given(lab: Lab) -> None:
    def as_root(*argv: str) -> str:
        return run(lab.place("host").wrap(argv))

    as_root("ip", "link", "add", "br7", "type", "bridge")
    try:
        as_root("ip", "link", "add", "p7", "type", "veth", "peer", "name", "q7")
        as_root("ip", "link", "set", "p7", "master", "br7", "up")
        as_root("bridge", "link", "set", "dev", "p7", "isolated", "on")
        as_root("ip", "link", "set", "br7", "up")
        here = [*SCAN[:5], f"{NAMES.dns_vip}:53/udp", "--stand-in", "br7"]
        assert "has no IPv4 address" in lab.run("host", here).stderr
        here += ["--stand-in-address", "10.9.9.9/24", "--stand-in-like", "p7"]
        assert "p7 has no carrier: what is behind it is off" in lab.run("host", here).stderr
        as_root("ip", "link", "set", "q7", "up")
        scan = lab.popen("host", here)
        await_port(lab, there=True)
        deadline = time.monotonic() + 5
        while "isolated on" not in (flags := as_root("bridge", "-d", "link", "show", "dev", PORT)):
            assert time.monotonic() < deadline, flags
        scan.kill()
        scan.communicate()
        await_port(lab, there=False)
    finally:
        as_root("ip", "link", "del", "br7")
        as_root("ip", "link", "del", "p7")
