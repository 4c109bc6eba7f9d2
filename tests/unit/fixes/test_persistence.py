"""Fixes that outlive a reboot: which manager gets them, and what that manager's own parser says of the files."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hairpin_doctor.fixes.changes import (
    BridgeNetfilter,
    BridgePortFlag,
    Change,
    EnabledUnit,
    FdbEntry,
    InterfaceAddress,
    IptablesRule,
    LinkState,
    MacvlanLink,
    RouteEntry,
    Sysctl,
    VethPort,
)
from hairpin_doctor.fixes.persistence.choose import CannotPersist, persist
from hairpin_doctor.fixes.persistence.persistence import Persistence
from hairpin_doctor.fixes.persistence.systemd_unit import escaped
from probes.linux.configuration import read_setup
from probes.questions.configuration import NetworkFile, NetworkSetup

MAC = "02:1c:73:00:53:01"
RECIPE: tuple[Change, ...] = (
    MacvlanLink("metallb0", "bridge0", MAC, 9000),
    Sysctl("net/ipv4/conf/metallb0/arp_ignore", 1),
    Sysctl("net/ipv4/conf/metallb0/rp_filter", 2),
    InterfaceAddress("169.254.7.9/32", "metallb0"),
    LinkState("metallb0"),
    FdbEntry(MAC, "bridge0"),
)
CALL = Sysctl("net/bridge/bridge-nf-call-iptables", 0, 1)
CURE: tuple[Change, ...] = (BridgeNetfilter("cni0", True, False), BridgeNetfilter("br0", False, False), CALL)
RULE = IptablesRule("iptables", "filter", "FORWARD", "-m physdev --physdev-is-bridged -j ACCEPT")
NETPLAN_FILE = "/run/systemd/network/10-netplan-bridge0.network"
Written = Callable[[Persistence], Path]


def host(*managers: Any, **changed: Any) -> NetworkSetup:
    """A systemd host with k0s and Docker; `managers` look after its network."""
    values: dict[str, Any] = {
        "netplan": False,
        "network_files": (),
        "interfaces": ("bridge0",) if "ifupdown" in managers else (),
        "systemd": True,
        "cluster_units": ("k0scontroller.service", "docker.service"),
    }
    return NetworkSetup(**{"managers": managers, **values, **changed})


NETWORKD = host("systemd-networkd", network_files=(NetworkFile("bridge0", NETPLAN_FILE),))


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """`written(persistence)`: a folder that holds the files below it."""

    def write(found: Persistence) -> Path:
        for file in found.files:
            path = tmp_path / file.path.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text)
            path.chmod(file.mode)
        return tmp_path

    return write


def text_of(found: Persistence, ending: str) -> str:
    (file,) = (each for each in found.files if each.path.endswith(ending))
    return file.text


def need(program: str) -> str:
    path = shutil.which(program, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    return path or pytest.skip(f"{program} is not installed here")


def said_by(*argv: str, text: str | None = None) -> tuple[int, str]:
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_networkd_gets_the_interface_beside_the_bridges_own_network_file_also_where_netplan_wrote_that() -> (
    None
):
    found = persist("HD601", RECIPE, NETWORKD)
    assert "Kind=macvlan" in text_of(found, ".netdev")
    assert "MTUBytes=9000" in text_of(found, ".netdev")
    assert "Address=169.254.7.9/32\nDuplicateAddressDetection=none\n" in text_of(found, "metallb0.network")
    drop_in = text_of(found, "/etc/systemd/network/10-netplan-bridge0.network.d/hairpin-doctor-metallb0.conf")
    assert "MACVLAN=metallb0" in drop_in
    assert f"MACAddress={MAC}\nAssociatedWith=self" in drop_in
    assert "net/ipv4/conf/metallb0/arp_ignore = 1" in text_of(found, "/99-hairpin-doctor-metallb0.conf")


def test_netplan_gives_the_bridges_file_the_name_that_our_drop_in_counts_on(tmp_path: Path) -> None:
    config = tmp_path / "etc/netplan/01.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(
        "network: {version: 2, renderer: networkd, bridges: {bridge0: {addresses: [192.0.2.246/24]}}}\n"
    )
    config.chmod(0o600)
    code, said = said_by(need("netplan"), "generate", "--root-dir", str(tmp_path))
    assert code == 0, said
    assert (tmp_path / NETPLAN_FILE.lstrip("/")).is_file()


@pytest.mark.parametrize("setup", [NETWORKD, host("NetworkManager"), host("ifupdown"), host()])
def test_every_file_is_taken_away_again_and_the_interface_too(setup: NetworkSetup) -> None:
    found = persist("HD601", RECIPE, setup)
    gone = " ".join(found.uninstall)
    assert [file.path for file in found.files if file.path not in gone] == []
    stopped = [file.text for file in found.files if file.path.endswith(".sh")]
    assert any("ip link del metallb0" in text for text in (gone, *stopped))


def test_network_manager_reads_the_keyfile(written: Written) -> None:
    found = persist("HD601", RECIPE, host("NetworkManager"))
    (keyfile,) = (each for each in found.files if each.path.endswith(".nmconnection"))
    assert keyfile.mode == 0o600
    text = (written(found) / keyfile.path.lstrip("/")).read_text()
    program = need("nmcli")
    code, said = said_by(
        program, "--offline", "connection", "modify", "connection.autoconnect", "yes", text=text
    )
    assert code == 0, said
    assert "parent=bridge0" in said
    assert f"cloned-mac-address={MAC}" in said.lower()


FAKE = """#!/bin/sh
echo "${0##*/} $*" >> "${0%/*}/said"
[ "$1" != "${FAILS-none}" ]
"""


@pytest.fixture
def up(written: Written, tmp_path: Path) -> Callable[..., tuple[str, list[str]]]:
    """`up(interface)`: what the script says and runs once that has come up; `fails`: the first argument of what fails."""
    found = persist("HD601", RECIPE, host("ifupdown"))
    script = written(found) / found.files[0].path.lstrip("/")
    for name in ("ip", "bridge", "sysctl"):
        (tmp_path / name).write_text(FAKE)
        (tmp_path / name).chmod(0o755)
    script.write_text(script.read_text().replace("export PATH=", f"export PATH={tmp_path}:"))

    def run(interface: str, fails: str = "") -> tuple[str, list[str]]:
        done = subprocess.run(
            [str(script)],
            env={"IFACE": interface, "FAILS": fails},
            check=True,
            capture_output=True,
            text=True,
        )
        said = tmp_path / "said"
        return done.stderr, said.read_text().splitlines() if said.exists() else []

    return run


def test_ifupdown_runs_the_recipe_in_its_order_once_the_bridge_is_up(
    up: Callable[..., tuple[str, list[str]]],
) -> None:
    assert up("lo") == ("", [])
    complaint, ran = up("bridge0")
    assert complaint == ""
    words = (
        "type macvlan",
        "mtu 9000",
        "arp_ignore=1",
        "rp_filter=2",
        "169.254.7.9",
        "metallb0 up",
        "fdb add",
    )
    assert [word in line for word, line in zip(words, ran, strict=True)] == [True] * len(words)


def test_what_fails_there_is_said_and_does_not_keep_the_bridge_down(
    up: Callable[..., tuple[str, list[str]]],
) -> None:
    complaint, ran = up("bridge0", "addr")
    assert complaint == "metallb0 could not be made on bridge0\n"
    assert ran[-1].startswith("ip addr add")


def test_a_bridge_that_ifupdown_has_no_stanza_of_gets_a_unit() -> None:
    assert persist("HD601", RECIPE, host("ifupdown", interfaces=("eth0",))).manager == "systemd unit"


@pytest.mark.parametrize("manager", ["systemd-networkd", "NetworkManager"])
@pytest.mark.parametrize("ipv6", [True, False])
def test_the_interface_can_announce_ipv6_vips_too_unless_the_machine_has_no_ipv6(
    manager: str, ipv6: bool
) -> None:
    setup = host(manager, ipv6=ipv6, network_files=NETWORKD.network_files)
    text = "\n".join(file.text for file in persist("HD104", RECIPE, setup).files)
    assert ("LinkLocalAddressing=ipv6\n" in text or "method=link-local\n" in text) == ipv6
    assert ("LinkLocalAddressing=no\n" in text or "method=disabled\n" in text) != ipv6


def test_the_cluster_waits_until_network_manager_has_made_the_interface_and_given_it_its_address() -> None:
    found = persist("HD104", RECIPE, host("NetworkManager"))
    unit, script = text_of(found, ".service"), text_of(found, ".sh")
    assert "Before=k0scontroller.service\n" in unit
    assert (
        "BindsTo=sys-subsystem-net-devices-bridge0.device sys-subsystem-net-devices-metallb0.device" in unit
    )
    assert "WantedBy=multi-user.target" in unit
    assert script.index("metallb0 | grep -q -F 169.254.7.9/32") < script.index("bridge fdb add")


def test_connection_tracking_is_loaded_before_its_limit_is_set() -> None:
    found = persist("hd408", (Sysctl("net/netfilter/nf_conntrack_max", 131072, 65536),), host())
    assert text_of(found, "/etc/modules-load.d/hairpin-doctor-hd408.conf").endswith(".\nnf_conntrack\n")
    assert "/etc/modules-load.d/hairpin-doctor-hd408.conf" in found.uninstall[0]


@pytest.mark.parametrize(
    ("name", "changes", "setup"),
    [
        ("HD601", RECIPE, host()),
        ("HD601", RECIPE, host("NetworkManager")),
        ("HD303", CURE, NETWORKD),
        ("HD305", (RULE,), host("ifupdown")),
    ],
)
def test_systemd_accepts_the_units_and_a_shell_their_scripts(
    name: str, changes: tuple[Change, ...], setup: NetworkSetup, written: Written
) -> None:
    root = written(persist(name, changes, setup))
    (unit,) = root.glob("etc/systemd/system/*.service")
    assert said_by(need("systemd-analyze"), "verify", "--man=no", str(unit)) == (0, "")
    (script,) = root.glob("etc/hairpin-doctor/*.sh")
    assert said_by("sh", "-n", str(script)) == (0, "")


def test_an_interface_that_is_made_comes_before_the_cluster_and_the_boot_waits_for_what_it_lies_on() -> None:
    unit = text_of(persist("HD601", RECIPE, host()), ".service")
    assert "Before=k0scontroller.service\n" in unit
    assert "BindsTo=sys-subsystem-net-devices-bridge0.device" in unit
    assert "WantedBy=multi-user.target sys-subsystem-net-devices-bridge0.device" in unit


def test_no_boot_waits_for_the_interface_of_a_vm_that_may_stay_off() -> None:
    unit = text_of(persist("HD304", (BridgePortFlag("vnet1", "hairpin", 1, 0),), host()), ".service")
    assert unit.endswith("[Install]\nWantedBy=sys-subsystem-net-devices-vnet1.device\n")


def test_the_cure_for_br_netfilter_runs_from_now_on_and_waits_for_nothing() -> None:
    found = persist("HD303", CURE, host())
    assert found.units == (EnabledUnit("hairpin-doctor-HD303.service", running=True),)
    assert "Before=" not in text_of(found, ".service")
    assert "After=" not in text_of(found, ".service")
    assert "/bin/sh /etc/hairpin-doctor/HD303.sh stop" in found.uninstall


def test_the_cure_turns_bridges_on_before_it_turns_the_sysctl_off_so_that_pods_are_never_without() -> None:
    script = text_of(persist("HD303", CURE, host()), ".sh")
    start, _, stop = script.partition("stop)")
    assert start.index('/nf_call_iptables" 1') < start.index("bridge-nf-call-iptables 0")
    assert stop.index("nf-call-iptables=1") < stop.index("ip link set cni0 type bridge nf_call_iptables 0")


def test_a_second_bridge_without_iptables_is_a_file_that_the_first_ones_service_reads_too() -> None:
    first, second = (
        persist("HD303", CURE, host()),
        persist("HD305", (BridgeNetfilter("br1", False, True),), host()),
    )
    (marker,) = (each for each in second.files if each.path.endswith("/br1"))
    assert marker.path.rpartition("/")[0] in text_of(first, ".sh")
    assert "bridge-nf-call-iptables" not in text_of(second, ".sh")


def test_what_is_set_on_an_interface_that_is_made_is_set_before_it_is_up() -> None:
    veth = (VethPort("metallb0", "metallb0p", "bridge0", MAC, 1500), *RECIPE[1:5])
    found = persist("hd104", veth, host())
    start = text_of(found, ".sh").partition("set -e")[2]
    assert start.index("rp_filter=2") < start.index("ip link set metallb0 up")
    assert not [file.path for file in found.files if "sysctl.d" in file.path]


def test_a_lasting_setting_goes_to_sysctl_d_alone() -> None:
    found = persist("HD404", (Sysctl("net/ipv4/ip_forward", 1, 0),), host(systemd=False))
    assert [file.path for file in found.files] == ["/etc/sysctl.d/99-hairpin-doctor-HD404.conf"]
    assert "\nnet/ipv4/ip_forward = 1\n" in found.files[0].text
    assert "sysctl -w net/ipv4/ip_forward=0" in found.uninstall


def test_without_systemd_and_a_manager_it_says_what_to_do() -> None:
    with pytest.raises(CannotPersist, match="does not run systemd"):
        persist("HD601", RECIPE, host(systemd=False))


def test_names_of_interfaces_are_escaped_as_systemd_escape_does() -> None:
    assert escaped("br-lan.20") == "br\\x2dlan.20"


def test_the_managers_are_known_by_what_they_leave_on_disk(tmp_path: Path) -> None:
    for path, text in {
        "sys/class/net/bridge0/ifindex": "3\n",
        "run/systemd/netif/links/3": "ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/10-br.network\n",
        "etc/network/interfaces": "source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n",
        "etc/network/interfaces.d/lan": "iface bridge0 inet static\n  address 192.0.2.1/24\niface bridge0 inet6 auto\n",
        "proc/sys/net/ipv6/conf/default/disable_ipv6": "1\n",
        "etc/systemd/system/k3s.service": "",
        "run/NetworkManager/devices/7": "[device]\nmanaged=0\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = read_setup(tmp_path)
    assert found.managers == ("systemd-networkd", "ifupdown")
    assert found.network_files == (NetworkFile("bridge0", "/etc/systemd/network/10-br.network"),)
    assert (found.interfaces, found.ipv6) == (("bridge0",), False)
    assert found.cluster_units == ("k3s.service",)
    assert not found.systemd


@pytest.mark.parametrize("setup", [NETWORKD, host("NetworkManager"), host("ifupdown"), host()])
def test_the_route_by_which_a_speaker_answers_over_ipv6_is_kept(setup: NetworkSetup) -> None:
    route = RouteEntry("2001:db8::/64", "metallb0", metric=4096)
    found = persist("HD601", (*RECIPE, route), setup)
    every = "".join(each.text for each in found.files)
    assert "2001:db8::/64" in every
    assert "4096" in every


def test_network_manager_is_told_of_the_route_itself_since_it_takes_away_those_of_others() -> None:
    """Seen in a guest: a unit had set it at boot before NetworkManager brought the link up, and it was gone."""
    route = RouteEntry("2001:db8::/64", "metallb0", metric=4096)
    found = persist("HD601", (*RECIPE, route), host("NetworkManager"))
    (keyfile,) = (each.text for each in found.files if each.path.endswith(".nmconnection"))
    assert keyfile.partition("[ipv6]\n")[2].splitlines()[-1] == "route1=2001:db8::/64,::,4096"
    assert not [each for each in found.files if "ip route" in each.text]
