"""Typed changes render what a person pastes, and its undo."""

from __future__ import annotations

import json
import typing

import pytest

from hairpin_doctor.fixes.changes import (
    KINDS,
    BridgeNetfilter,
    BridgePortFlag,
    Change,
    Deletion,
    FdbEntry,
    InterfaceAddress,
    IptablesRule,
    LinkMac,
    LinkState,
    MacvlanLink,
    Manifest,
    NftRule,
    Patch,
    PolicyRule,
    ResourceRef,
    RouteEntry,
    Sysctl,
    VethPort,
    commands_of,
    undo_of,
)
from hairpin_doctor.fixes.fix import Step

MAC = "02:00:00:00:00:07"
SERVICE = ResourceRef("service", "home", "dns")


def kinds(of: type[Change] = Change) -> set[type[Change]]:
    found = {each for kind in of.__subclasses__() for each in kinds(kind)} | {of}
    return {each for each in found if not each.__name__.startswith("_") and each is not Change}


def test_every_kind_of_change_is_in_the_list_under_a_name_of_its_own() -> None:
    assert set(KINDS) == kinds()
    assert len({kind.__name__ for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_change_is_a_frozen_value_of_plain_fields(kind: type[Change]) -> None:
    assert vars(kind)["__dataclass_params__"].frozen
    plain = (str, int, bool, type(None), ResourceRef)
    for hint in typing.get_type_hints(kind).values():
        members = typing.get_args(hint) or (hint,)
        assert all(each in plain or isinstance(each, str) for each in members), hint


def test_a_report_gets_its_kind_and_its_fields() -> None:
    found = json.loads(json.dumps(Deletion(SERVICE).to_json()))
    assert found == {
        "kind": "Deletion",
        "of": {"resource": "service", "namespace": "home", "name": "dns"},
    }


def test_what_sits_on_an_interface_that_is_made_goes_away_with_it() -> None:
    made = (
        MacvlanLink("metallb0", "bridge0", MAC, 1500),
        Sysctl("net/ipv4/conf/metallb0/rp_filter", 2),
        InterfaceAddress("169.254.1.2/32", "metallb0"),
        LinkState("metallb0"),
        FdbEntry(MAC, "bridge0"),
    )
    assert undo_of(made) == (f"bridge fdb del {MAC} dev bridge0 self", "ip link del metallb0")


def test_the_undo_runs_backwards_and_says_each_command_once() -> None:
    changes = (LinkState("a"), LinkState("b"), LinkState("a"))
    assert commands_of(changes) == ("ip link set a up", "ip link set b up")
    assert undo_of(changes) == ("ip link set a down", "ip link set b down")


@pytest.mark.parametrize(
    ("change", "do", "undo"),
    [
        (
            Sysctl("net/ipv4/conf/eth0.5/rp_filter", 2, 1),
            "sysctl -w net/ipv4/conf/eth0.5/rp_filter=2",
            "sysctl -w net/ipv4/conf/eth0.5/rp_filter=1",
        ),
        (
            BridgePortFlag("vnet1", "hairpin", 1, 0),
            "bridge link set dev vnet1 hairpin on",
            "bridge link set dev vnet1 hairpin off",
        ),
        (
            BridgePortFlag("vnet1", "state", 3, 4),
            "bridge link set dev vnet1 state 3",
            "bridge link set dev vnet1 state 4",
        ),
        (
            LinkMac("eth0", MAC, "02:00:00:00:00:01"),
            f"ip link set dev eth0 address {MAC}",
            "ip link set dev eth0 address 02:00:00:00:00:01",
        ),
        (
            RouteEntry("192.0.2.53/32", gateway="192.0.2.1"),
            "ip route add 192.0.2.53/32 via 192.0.2.1",
            "ip route del 192.0.2.53/32 via 192.0.2.1",
        ),
        (
            IptablesRule("iptables", "raw", "PREROUTING", "-d 192.0.2.53 -j CT --notrack"),
            "iptables -t raw -I PREROUTING -d 192.0.2.53 -j CT --notrack",
            "iptables -t raw -D PREROUTING -d 192.0.2.53 -j CT --notrack",
        ),
        (
            InterfaceAddress("192.0.2.53/24", "a b", present=False),
            "ip addr del 192.0.2.53/24 dev 'a b'",
            "ip addr add 192.0.2.53/24 dev 'a b'",
        ),
    ],
)
def test_a_change_renders_its_command_and_its_undo(change: Change, do: str, undo: str) -> None:
    assert (change.commands(), change.undo()) == ((do,), (undo,))


def test_what_is_so_already_has_nothing_to_take_back() -> None:
    assert BridgeNetfilter("cni0", enabled=True, before=True).undo() == ()
    assert Sysctl("net/ipv4/conf/metallb0/rp_filter", 2).undo() == ()
    assert LinkMac("bridge0", MAC, MAC).undo() == ()


def test_a_veth_port_has_the_mtu_of_the_bridge_at_both_ends() -> None:
    make, enslave = VethPort("metallb0", "metallb0-port", "bridge0", MAC, 9000).commands()
    assert make.count("mtu 9000") == 2
    assert enslave == "ip link set metallb0-port master bridge0 up"


def test_an_nftables_rule_is_found_again_by_its_comment() -> None:
    rule = NftRule("inet", "filter", "forward", "ip daddr 192.0.2.53 accept", "hairpin-doctor-tcp-53")
    assert rule.commands()[0].endswith("accept comment hairpin-doctor-tcp-53")
    assert "hairpin-doctor-tcp-53" in rule.undo()[0]


def test_a_patch_without_a_known_way_back_keeps_what_it_changes() -> None:
    patch = Patch(SERVICE, "json", "[]", kept="dns-ports.json", path="/spec/ports")
    keep, do = patch.commands()
    assert keep == "kubectl -n home get service dns -o jsonpath='{.spec.ports}' > dns-ports.json"
    assert do == "kubectl -n home patch service dns --type json -p '[]'"
    assert "$(cat dns-ports.json)" in patch.undo()[0]


def test_a_step_shows_its_manifest_as_yaml_and_deletes_the_object_to_undo_it() -> None:
    advertisement = ResourceRef("l2advertisement", "metallb-system", "announce-on-metallb0")
    step = Step("cluster", "anywhere", "why", (Manifest(advertisement, "kind: L2Advertisement\n"),))
    assert step.manifest == "kind: L2Advertisement\n"
    assert step.commands == ()
    assert step.undo == ("kubectl -n metallb-system delete l2advertisement announce-on-metallb0",)


def test_ip_rule_is_told_the_family_which_it_does_not_see_in_a_prefix() -> None:
    assert PolicyRule("192.0.2.0/24", 99).commands() == (
        "ip rule add to 192.0.2.0/24 lookup main priority 99",
    )
    change = PolicyRule("2001:db8::/64", 99)
    assert change.commands() == ("ip -6 rule add to 2001:db8::/64 lookup main priority 99",)
    assert change.undo() == ("ip -6 rule del to 2001:db8::/64 lookup main priority 99",)
