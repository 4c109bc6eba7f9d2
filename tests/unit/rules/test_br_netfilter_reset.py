"""HD308: what the files say against what stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hairpin_doctor.recording import Asked
from hairpin_doctor.rule import Cleared, Diagnosis, Severity, Undetermined
from hairpin_doctor.rules.br_netfilter_reset import br_netfilter_reset
from probes.br_netfilter import CALL_IP6TABLES, CALL_IPTABLES
from probes.host import Absent
from probes.questions.configuration import BootSetting, SettingAtBoot, SettingFile

Recorded = Callable[[str], Any]
QUESTION = SettingAtBoot(CALL_IPTABLES, "br_netfilter")


def with_files(case: Any, answer: Any, question: SettingAtBoot = QUESTION) -> Any:
    asked = Asked(question, unanswered=answer) if isinstance(answer, Exception) else Asked(question, answer)
    others = tuple(each for each in case.host.asked if type(each.question) is not SettingAtBoot)
    return replace(case, host=replace(case.host, asked=(*others, asked)))


def boot(value: int, *, loaded: bool = True, units: tuple[str, ...] = ()) -> BootSetting:
    return BootSetting((SettingFile("/etc/sysctl.d/99-bridge.conf", value),), loaded, units)


def test_a_service_that_writes_one_is_named_where_the_file_says_zero(recorded: Recorded) -> None:
    """The lab's case has br_netfilter's switch on, and its own cause is named beside."""
    case = with_files(recorded("hairpin-off-on-port"), boot(0, units=("k3s.service", "containerd.service")))
    verdict = case.verdict(br_netfilter_reset)
    assert isinstance(verdict, Diagnosis)
    assert verdict.severity is Severity.LATENT
    assert "is 1 on" in verdict.summary
    assert "k3s.service may write it" in verdict.because[1]
    assert "containerd" not in verdict.because[1]
    assert "after k3s.service has started, may be outrun" in (verdict.fixes[0].steps[0].instructions or "")
    codes = [each.rule.code for each in case.judgement().diagnoses]
    assert codes.index("HD304") < codes.index("HD308")


def test_a_module_that_comes_after_the_settings_brings_its_own_default(recorded: Recorded) -> None:
    case = with_files(recorded("hairpin-off-on-port"), boot(0, loaded=False, units=("k3s.service",)))
    verdict = case.verdict(br_netfilter_reset)
    assert isinstance(verdict, Diagnosis)
    assert "came later" in verdict.because[1]
    assert "modules-load.d" in (verdict.fixes[0].steps[0].instructions or "")


def test_a_zero_that_a_reboot_ends_is_latent_too(recorded: Recorded) -> None:
    verdict = with_files(recorded("reply-bypasses-nat"), boot(1)).verdict(br_netfilter_reset)
    assert isinstance(verdict, Diagnosis)
    assert "next boot" in verdict.because[1]


@pytest.mark.parametrize("answer", [boot(1), BootSetting((), True, ("k3s.service",))])
def test_a_value_that_is_as_the_files_say_or_that_none_names_is_well(recorded: Recorded, answer: Any) -> None:
    assert isinstance(
        with_files(recorded("hairpin-off-on-port"), answer).verdict(br_netfilter_reset), Cleared
    )


def test_in_another_network_namespace_no_file_says_anything_and_a_client_alone_cannot_tell(
    recorded: Recorded,
) -> None:
    case = with_files(recorded("hairpin-off-on-port"), Absent("another namespace"))
    assert isinstance(case.verdict(br_netfilter_reset), Cleared)
    assert isinstance(case.verdict(br_netfilter_reset, case.client), Undetermined)


def test_ipv6_has_a_switch_of_its_own_and_a_file_that_names_the_other_says_nothing_of_it(
    recorded: Recorded,
) -> None:
    case = recorded("hairpin-off-on-port-ipv6")
    own = with_files(case, boot(0), SettingAtBoot(CALL_IP6TABLES, "br_netfilter")).verdict(br_netfilter_reset)
    assert isinstance(own, Diagnosis)
    assert own.summary.startswith("net.bridge.bridge-nf-call-ip6tables is 1")
    assert "nf_call_ip6tables" in own.fixes[0].steps[0].commands[-1]
    assert isinstance(with_files(case, boot(0)).verdict(br_netfilter_reset), Cleared)
