"""What do this machine's files say that br_netfilter's switch is at boot, and is the module there when it is written?

IPv6 has a switch of its own, which is looked for where an IPv6 VIP is asked about. Asks nothing of who wrote the value that
stands: that leaves no trace. In a container or another network namespace the files say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.br_netfilter import CALL_IP6TABLES, CALL_IPTABLES
from probes.host import Absent, Host
from probes.probe import Layer, Scope, probe
from probes.questions.configuration import BootSetting, SettingAtBoot

MODULE = "br_netfilter"


@dataclass(frozen=True)
class BrNetfilterAtBootFacts:
    """The setting net.bridge.bridge-nf-call-iptables as the files have it; None where they are not for this namespace.

    `setting_ipv6`: net.bridge.bridge-nf-call-ip6tables; None, too, where no IPv6 VIP was asked about.
    """

    setting: BootSetting | None
    setting_ipv6: BootSetting | None = None

    def of(self, version: int) -> BootSetting | None:
        """The setting for frames of this version of IP."""
        return self.setting if version == 4 else self.setting_ipv6


@probe(Layer.BRIDGE)
def br_netfilter_at_boot(host: Host, scope: Scope) -> BrNetfilterAtBootFacts:
    """Ask for the files."""
    ipv6 = any(vip.version == 6 for vip in scope.vips)
    return BrNetfilterAtBootFacts(
        _setting(host, CALL_IPTABLES), _setting(host, CALL_IP6TABLES) if ipv6 else None
    )


def _setting(host: Host, name: str) -> BootSetting | None:
    try:
        return host.ask(SettingAtBoot(name, MODULE))
    except Absent:
        return None
