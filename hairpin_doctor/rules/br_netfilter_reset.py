"""The configured value of br_netfilter's switch does not last: at run time it is another one.

Why: net.bridge.bridge-nf-call-iptables exists only once br_netfilter is loaded. What sysctl.d says is written at boot, and
lost where the module comes later: its own default is 1. k3s, RKE2 and Docker write 1 whenever they start. And a value that
was set by hand ends with the next boot. IPv6 has a switch of its own, bridge-nf-call-ip6tables: a file that names one of
the two says nothing of the other, which then is 1.
Seen as: What was mended comes back after a reboot, or after a restart of the service; or works until then.
Told apart from: HD303, HD304 and HD305, which are what a 1 may do: this says only why it is not what the file says.
By hand: On the host: the value that stands, the files, and whether the module is loaded before they are read.
    sysctl net.bridge.bridge-nf-call-iptables net.bridge.bridge-nf-call-ip6tables
    grep -rs bridge-nf-call /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d /etc/sysctl.conf
    grep -rs br_netfilter /etc/modules-load.d /usr/lib/modules-load.d /etc/modules
Fix: Decide which value is right, and have it written by the right one at the right time.
Unsure when: Who wrote the value that stands leaves no trace: services that are known to are named, if they are installed.
References: https://www.freedesktop.org/software/systemd/man/latest/sysctl.d.html; net/bridge/br_netfilter_hooks.c;
https://wiki.libvirt.org/Net.bridge.bridge-nf-call_and_sysctl.conf.html.
"""

from __future__ import annotations

from hairpin_doctor.fixes.announce import check_from_client
from hairpin_doctor.fixes.changes import Look
from hairpin_doctor.fixes.fix import Fix, Step
from hairpin_doctor.network import Network
from hairpin_doctor.rule import Cleared, Confidence, Diagnosis, Ipv6, Severity, Verdict, rule
from hairpin_doctor.situation import names
from hairpin_doctor.vantage_point import VantagePoint
from probes.br_netfilter import SYSCTLS, BrNetfilterFacts
from probes.br_netfilter_at_boot import BrNetfilterAtBootFacts
from probes.questions.configuration import CLUSTER_UNITS, BootSetting, SettingFile
from probes.target import Address

WRITES_ONE = ("k3s", "rke2", "docker", "k0s", "kubelet")


@rule("HD308", "br-netfilter-reset", Severity.LATENT, ipv6=Ipv6.PROVEN)
def br_netfilter_reset(network: Network, vip: Address) -> Verdict:
    """The files say one value, and another one stands."""
    hosts = network.hosts(vip)
    if not hosts:
        raise network.need_host(vip, "whether br_netfilter's switch is what the host's files say")
    for host in hosts:
        now = host.findings[BrNetfilterFacts].sysctl(vip.version)
        at_boot = host.findings[BrNetfilterAtBootFacts].of(vip.version) if now is not None else None
        if now is not None and at_boot and at_boot.files and bool(at_boot.files[-1].value) != bool(now):
            return _diagnosis(host, vip, now, at_boot)
    return Cleared(f"br_netfilter's switch on {names(hosts)} is what the files say, or none names it")


def _setting(vip: Address) -> str:
    """The switch for frames of the VIP's version of IP, as sysctl(8) calls it."""
    return SYSCTLS[vip.version].replace("/", ".")


def _diagnosis(host: VantagePoint, vip: Address, now: int, at_boot: BootSetting) -> Diagnosis:
    wanted = at_boot.files[-1]
    return Diagnosis(
        summary=f"{_setting(vip)} is {now} on {host.name}, though {wanted.path} says {wanted.value}",
        because=(
            f"{wanted.path} is the last file that names it, and says {wanted.value}.",
            _why(now, at_boot),
        ),
        severity=Severity.LATENT,
        confidence=Confidence.LIKELY,
        fixes=(_fix(host, vip, wanted, now, at_boot),),
    )


def _why(now: int, at_boot: BootSetting) -> str:
    if not now:
        return "It was set to 0 since then, by hand or by a program: the next boot makes it 1 again."
    if not at_boot.module_loaded:
        return "No file has br_netfilter loaded before the settings are written: it came later, with its own default of 1."
    writers = _writers(at_boot)
    return f"It was set to 1 since then: {', '.join(writers)} may write it at every start." if writers else (
        "It was set to 1 since then, by hand or by a program."
    )  # fmt: skip


def _writers(at_boot: BootSetting) -> tuple[str, ...]:
    """Installed ones, by names that we know: the instructions hold them, and a foreign report could hold others."""
    known = (unit for unit in CLUSTER_UNITS if unit.startswith(WRITES_ONE))
    return tuple(unit for unit in known if unit in at_boot.units)


def _fix(host: VantagePoint, vip: Address, wanted: SettingFile, now: int, at_boot: BootSetting) -> Fix:
    on_the_bridge = "nf_call_iptables" if vip.version == 4 else "nf_call_ip6tables"
    unit = next(iter(_writers(at_boot)), "the service that starts last")
    how = f"If {now} is right, write it into {wanted.path}. If {wanted.value} is right, "
    if now and not at_boot.module_loaded:
        how += "load br_netfilter by a file in /etc/modules-load.d: systemd-modules-load runs before systemd-sysctl."
    elif now:
        how += (
            "have it kept, by a service that looks again and again: a value that is written once, after "
            f"{unit} has started, may be outrun by it all the same. And keep {on_the_bridge} 1 on the pods' own bridge, "
            "which is made without it at every boot. Where HD303, HD304 or HD305 is found, `hairpin-doctor fix` with "
            "--persist installs such a service."
        )
    else:
        how += "set it now."
    step = Step(
        place="host",
        machine=host.name,
        why="the value that stands is then the one that was chosen",
        changes=(
            Look(f"sysctl {_setting(vip)}"),
            Look(f"ip -d link show type bridge | grep -o {on_the_bridge}.[01]"),
        ),
        instructions=how,
    )
    caution = "With 0, pods reach no Service on their own node over a bridge that has not its own switch on (HD306)."
    return Fix("Choose the value, and make it last", (step,), check_from_client(vip, host.name), (caution,))
