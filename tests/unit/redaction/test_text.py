"""Any text can be redacted: known words stay, whatever else there is is replaced, one to one."""

from __future__ import annotations

import json

import pytest

from hairpin_doctor.redaction.addresses import CannotRedact
from hairpin_doctor.redaction.key import Key
from hairpin_doctor.redaction.nftables import redact_json
from hairpin_doctor.redaction.text import Redactor
from hairpin_doctor.redaction.vocabulary import is_kept

KEYS = [Key(bytes([number]) * 32) for number in range(5)]


@pytest.fixture(params=KEYS, ids=lambda key: key.fingerprint[:4])
def redactor(request: pytest.FixtureRequest) -> Redactor:
    return Redactor(request.param)


def test_a_rule_of_kube_proxy_keeps_what_a_parser_reads_and_loses_what_names_somebody(
    redactor: Redactor,
) -> None:
    rule = (
        '-A KUBE-SERVICES -d 192.168.8.53/32 -p udp -m comment --comment "payroll/secret-dns:dns loadbalancer IP"'
        " -m udp --dport 53 -j KUBE-EXT-AUKE5EWKJGFOMRQS"
    )
    found = redactor.text(rule)
    for kept in (
        "-A KUBE-SERVICES -d 192.168.",
        "/32 -p udp -m comment --comment",
        "dns loadbalancer IP",
        "--dport 53 -j KUBE-EXT-",
    ):
        assert kept in found
    for gone in ("payroll", "secret", "192.168.8.53", "AUKE5EWKJGFOMRQS"):
        assert gone not in found


def test_words_stay_different_and_have_the_form_that_they_had(redactor: Redactor) -> None:
    words = [f"{a}{b}{n}" for a in "abvwxyz" for b in ("cme", "ETH", "eth", "veth", "") for n in range(40)]
    found = {word: redactor.word(word) for word in words}
    assert len(set(found.values())) == len(set(words))
    for word, replaced in found.items():
        assert [c.isdigit() for c in word] == [c.isdigit() for c in replaced]
        assert [c.isupper() for c in word] == [c.isupper() for c in replaced]


def test_no_word_becomes_one_that_a_parser_knows(redactor: Redactor) -> None:
    short = [f"{a}{b}" for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklmnopqrstuvwxyz"]
    unknown = [word for word in short if not is_kept(word)]
    assert [word for word in unknown if is_kept(redactor.word(word))] == []
    assert [word for word in short if is_kept(word) and redactor.word(word) != word] == []


def test_a_short_option_stays_and_what_only_looks_like_one_does_not(redactor: Redactor) -> None:
    assert redactor.text("-A FORWARD ! -o eth0 -j DROP") == "-A FORWARD ! -o eth0 -j DROP"
    assert "q" not in redactor.text("a-q-b -qqq")


@pytest.mark.parametrize(
    "name",
    ["lo", "eth0", "enp197s0", "bridge0", "vnet12", "kube-ipvs0", "flannel.1", "metallb0", "enp3s0f1np1"],
)
def test_names_that_the_system_gives_stay(redactor: Redactor, name: str) -> None:
    assert redactor.text(name) == name


@pytest.mark.parametrize(
    ("name", "start"),
    [("veth0af40054", "veth"), ("cali0000af4", "cali"), ("enx001122aabbcc", "enx"), ("br-customer", "br-")],
)
def test_what_an_interface_is_stays_and_whose_it_is_does_not(
    redactor: Redactor, name: str, start: str
) -> None:
    found = redactor.text(name)
    assert found != name
    assert found.startswith(start)
    assert len(found) == len(name)


@pytest.mark.parametrize(
    ("wildcard", "name"),
    [
        ("tenant-a+", "tenant-a17"),
        ("guest+", "guest7"),
        ("cali+", "cali12ab"),
        ("eth+", "eth7"),
        ("vm*", "vm12"),
    ],
)
def test_a_wildcard_stands_for_the_same_interfaces(redactor: Redactor, wildcard: str, name: str) -> None:
    assert redactor.text(name).startswith(redactor.text(wildcard)[:-1])


def test_a_line_of_the_kernels_log_can_still_be_read(redactor: Redactor) -> None:
    line = "br-acme: received packet on vm-payroll with own address as source address (addr:52:54:00:8e:31:10, vlan:0)"
    found = redactor.text(line)
    port = redactor.text("vm-payroll")
    assert (
        f"received packet on {port} with own address as source address (addr:{redactor.addresses.mac('52:54:00:8e:31:10')}"
        in found
    )
    assert "acme" not in found
    assert "payroll" not in found


@pytest.mark.parametrize("text", ["Zoë's server", "кошка", "a\u202eb", "😀 acme"])
def test_what_is_not_ascii_is_replaced_too(redactor: Redactor, text: str) -> None:
    found = redactor.text(text)
    assert found.isascii()
    assert "acme" not in found


@pytest.mark.parametrize(
    "text", ["2001:db8::53", "2001:db8:1::/48", "10.1.2.0/23", "10.1.2.3-10.1.2.9", "fe80::5054:ff:fe8e:3110"]
)
def test_addresses_in_a_text_are_mapped_as_such(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) != text
    assert redactor.text(f"({text})") == f"({redactor.text(text)})"


@pytest.mark.parametrize(
    ("name", "address"),
    [("ip-10-1-2-3.internal", "10.1.2.3"), ("52-54-00-12-34-56", "52:54:00:12:34:56")],
)
def test_an_address_within_a_name_is_mapped_as_the_address_itself(
    redactor: Redactor, name: str, address: str
) -> None:
    mapped = redactor.text(address)
    assert mapped != address
    assert mapped.replace(".", "-").replace(":", "-") in redactor.text(name)


@pytest.mark.parametrize("text", ["2026-11-26-01", "1-2-3-4-5", "300-1-2-3"])
def test_numbers_in_a_row_that_are_no_address_stay(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text


def test_a_range_across_subnets_is_refused(redactor: Redactor) -> None:
    with pytest.raises(CannotRedact):
        redactor.text("-m iprange --src-range 10.0.0.1-10.0.9.9")


def test_nft_json_keeps_its_structure_and_its_prefixes(redactor: Redactor) -> None:
    prefix = {"prefix": {"addr": "10.244.0.0", "len": 16}}
    rule = {
        "rule": {
            "family": "ip",
            "table": "acme",
            "comment": "for Bob",
            "expr": [{"match": {"op": "==", "right": prefix}}],
        }
    }
    found = json.loads(redact_json(json.dumps({"nftables": [rule]}), redactor))["nftables"][0]["rule"]
    assert found["family"] == "ip"
    assert found["table"] == redactor.text("acme")
    assert "Bob" not in found["comment"]
    mapped = found["expr"][0]["match"]["right"]["prefix"]
    assert mapped["len"] == 16
    assert mapped["addr"].endswith(".0.0")


@pytest.mark.parametrize("text", ["no json", "[" * 100_000])
def test_what_is_no_json_of_nft_is_refused_without_quoting_it(redactor: Redactor, text: str) -> None:
    with pytest.raises(CannotRedact) as refused:
        redact_json(text, redactor)
    assert "no json" not in str(refused.value)


@pytest.mark.parametrize(
    "rule", ["unreachable, fwmark 524288", "not, table 77, fwmark 51820", "IPv6, prohibit"]
)
def test_the_words_of_a_policy_rule_are_kept(redactor: Redactor, rule: str) -> None:
    assert redactor.text(rule) == rule
