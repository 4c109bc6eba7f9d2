"""Shell completion: what a Tab offers, and the lines that teach it to a shell."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from shutil import which

import pytest
from click.shell_completion import ShellComplete
from click.testing import Result

from hairpin_doctor.cli.main import cli
from hairpin_doctor.rules.catalogue import CATALOGUE

Call = Callable[..., Result]


def offered(*words: str) -> list[str]:
    *before, typed = words
    made = ShellComplete(cli, {}, "hairpin-doctor", "_HAIRPIN_DOCTOR_COMPLETE")
    return [each.value for each in made.get_completions(before, typed)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("sc",), ["scan"]),
        (("explain", "hd601"), ["HD601"]),
        (("explain", "bgp-v"), ["bgp-vip-in-clients-subnet"]),
        (("lab", "run", "vip-on-port"), ["vip-on-port-mac", "vip-on-port-mac-ipv6"]),
        (("lab", "up", "bgp-not-adv"), ["bgp-not-advertised", "bgp-not-advertised-ipv6"]),
        (("scan", "--only", "br_netfilter_"), ["br_netfilter_at_boot"]),
        (("scan", "-o", "m"), ["markdown"]),
        (("completion", "f"), ["fish"]),
        (("scan", "192.0.2.1", "--with", "vm"), ["vm"]),
    ],
)
def test_a_tab_offers_what_begins_so(words: tuple[str, ...], found: list[str]) -> None:
    assert offered(*words) == found


def test_the_causes_that_a_tab_offers_are_those_of_the_catalogue_in_order() -> None:
    """They are read from the sources of the rules, which is quicker than to import them all."""
    assert offered("explain", "HD") == sorted(rule.code for rule in CATALOGUE)
    slugs = {rule.slug for rule in CATALOGUE}
    assert {
        each for begun in (*"abcdefgijklmnopqrstuvwxyz", "ha") for each in offered("explain", begun)
    } == slugs


def test_an_empty_word_is_offered_every_command() -> None:
    assert set(offered("")) == set(
        cli.list_commands(cli.make_context("hairpin-doctor", [], resilient_parsing=True))
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_lines_that_ask_this_program(call: Call, shell: str) -> None:
    found = call("completion", shell)
    assert found.exit_code == 0
    assert f"_HAIRPIN_DOCTOR_COMPLETE={shell}_complete" in found.stdout


def test_fish_keeps_a_description_whole_that_has_commas(call: Call) -> None:
    assert 'string split --max 1 ","' in call("completion", "fish").stdout


@pytest.mark.skipif(which("bash") is None, reason="bash is not installed")
def test_bash_reads_its_lines(call: Call) -> None:
    lines = call("completion", "bash").stdout
    assert subprocess.run(["bash", "-n"], input=lines, text=True, check=False).returncode == 0


def test_an_unknown_shell_is_one_sentence(call: Call) -> None:
    found = call("completion", "csh")
    assert found.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in found.stderr
