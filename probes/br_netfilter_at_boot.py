"""What do this machine's files say that br_netfilter's switch is at boot, and is the module there when it is written?

Asks nothing of who wrote the value that stands: that leaves no trace. In a container or another network namespace the files
say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.br_netfilter import CALL_IPTABLES
from probes.host import Absent, Host
from probes.probe import Layer, Scope, probe
from probes.questions.configuration import BootSetting, SettingAtBoot, SettingFile

MODULE = "br_netfilter"


@dataclass(frozen=True)
class BrNetfilterAtBootFacts:
    """The setting net.bridge.bridge-nf-call-iptables as the files have it; None where they are not for this namespace."""

    setting: BootSetting | None

    @property
    def wanted(self) -> SettingFile | None:
        """The file that wins, None where none names it."""
        return self.setting.files[-1] if self.setting and self.setting.files else None


@probe(Layer.BRIDGE)
def br_netfilter_at_boot(host: Host, _: Scope) -> BrNetfilterAtBootFacts:
    """Ask for the files."""
    try:
        return BrNetfilterAtBootFacts(host.ask(SettingAtBoot(CALL_IPTABLES, MODULE)))
    except Absent:
        return BrNetfilterAtBootFacts(None)
