"""Changes and what manages this host's network -> how the changes outlive a reboot there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hairpin_doctor.fixes.changes import (
    BridgeNetfilter,
    BridgeNetfilterIpv6,
    Change,
    FdbEntry,
    InterfaceAddress,
    LinkState,
    Sysctl,
)
from hairpin_doctor.fixes.persistence.bridge_netfilter import bridge_netfilter
from hairpin_doctor.fixes.persistence.ifupdown import ifupdown
from hairpin_doctor.fixes.persistence.momentary import lasting_part
from hairpin_doctor.fixes.persistence.network_manager import network_manager
from hairpin_doctor.fixes.persistence.own_mac import OwnMacInterface, own_mac_interface
from hairpin_doctor.fixes.persistence.persistence import Persistence
from hairpin_doctor.fixes.persistence.sysctl_settings import sysctl_settings
from hairpin_doctor.fixes.persistence.systemd_networkd import systemd_networkd
from hairpin_doctor.fixes.persistence.systemd_unit import systemd_unit
from probes.br_netfilter import SYSCTLS
from probes.questions.configuration import NetworkSetup


class CannotPersist(Exception):
    """There is no way that we know here; one sentence with what to do instead."""


class NothingToPersist(CannotPersist):
    """Nothing of it is lost by a reboot, or nothing that files could hold."""


def persist(name: str, wanted: Sequence[Change], setup: NetworkSetup) -> Persistence:
    """`name`: of the files. Raises CannotPersist where neither systemd nor a manager we know is there, or nothing lasts."""
    changes, said = lasting_part(wanted)
    if not changes:
        raise NothingToPersist(". ".join(said) or "nothing of this fix is lost by a reboot")
    found = _persist(name, changes, setup)
    return replace(found, remarks=(*found.remarks, *said))


def _persist(name: str, changes: Sequence[Change], setup: NetworkSetup) -> Persistence:
    parts: list[Persistence] = []
    interface = own_mac_interface(changes)
    if interface is not None:
        parts.append(_interface(interface, setup))
    rest = list(interface.rest if interface is not None else changes)
    settings = [each for each in rest if isinstance(each, Sysctl) and not _made(each, rest)]
    kept = next((each for each in settings if each.name in SYSCTLS.values()), None)
    switches = [each for each in rest if isinstance(each, BridgeNetfilter | BridgeNetfilterIpv6)]
    lasting = [each for each in settings if each is not kept]
    # what is set on a new interface keeps its place
    others = [each for each in rest if each not in settings and each not in switches]
    if lasting:
        parts.append(sysctl_settings(name, lasting))
    if switches or kept:
        _require_systemd(setup)
        parts.append(bridge_netfilter(name, kept, switches))
    if others:
        parts.append(_at_boot(f"{name}-more" if switches or kept else name, others, setup))
    whole = parts[0]
    for part in parts[1:]:
        whole += part
    return whole


def _interface(wanted: OwnMacInterface, setup: NetworkSetup) -> Persistence:
    """By the manager of the interface below, as far as we can tell; else by a unit of our own."""
    base = wanted.link.base
    file = next((each.path for each in setup.network_files if each.interface == base), None)
    if "systemd-networkd" in setup.managers and file is not None:
        return systemd_networkd(wanted, file, ipv6=setup.ipv6)
    if setup.managers[:1] == ("NetworkManager",) and setup.systemd:
        return network_manager(wanted, setup.cluster_units, ipv6=setup.ipv6)
    if base in setup.interfaces:
        return ifupdown(wanted)
    changes = (wanted.link, *wanted.settings, *_up(wanted))
    return _at_boot(wanted.link.name, changes, setup, (base,))


def _up(wanted: OwnMacInterface) -> tuple[Change, ...]:
    known = (FdbEntry(wanted.link.mac, wanted.link.base),) if wanted.in_fdb else ()
    addresses = (InterfaceAddress(each, wanted.link.name) for each in wanted.addresses)
    return (*addresses, LinkState(wanted.link.name), *wanted.routes, *known)


def _at_boot(
    name: str, changes: Sequence[Change], setup: NetworkSetup, devices: Sequence[str] = ()
) -> Persistence:
    _require_systemd(setup)
    on = dict.fromkeys(
        (*devices, *(each.interface for each in changes if each.interface and not _made(each, changes)))
    )
    return systemd_unit(name, changes, setup.cluster_units, tuple(on))


def _made(change: Change, changes: Sequence[Change]) -> bool:
    return change.interface is not None and change.interface in {each.creates for each in changes}


def _require_systemd(setup: NetworkSetup) -> None:
    if not setup.systemd:
        raise CannotPersist(
            "this machine does not run systemd, and its network manager has no words for these changes: put the "
            "commands where your init system runs things at boot, before the cluster starts"
        )
