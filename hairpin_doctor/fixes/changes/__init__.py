"""Typed changes: what a fix does to a machine or a cluster, as values that render their own commands.

Each kind is a frozen dataclass of plain values. `commands()` and `undo()` are for people who paste; the machine itself
is changed by `hairpin_doctor.machine`, which computes the undo from the state that it finds, as changes of these kinds.
"""

from hairpin_doctor.fixes.changes.addresses import (
    ForgottenNeighbour,
    InterfaceAddress,
    NeighbourEntry,
    PolicyRule,
    RouteEntry,
)
from hairpin_doctor.fixes.changes.bridges import (
    BridgeNetfilter,
    BridgeNetfilterIpv6,
    BridgePortFlag,
    BridgeSnooping,
    BridgeVlan,
    FdbEntry,
)
from hairpin_doctor.fixes.changes.change import Change, commands_of, undo_of
from hairpin_doctor.fixes.changes.connections import ForgottenFlow
from hairpin_doctor.fixes.changes.files import ConfigFile, EnabledUnit, RemovedFile, RemovedFolder
from hairpin_doctor.fixes.changes.kubernetes import (
    Deletion,
    Manifest,
    Patch,
    ResourceRef,
    RestartedDaemonSet,
)
from hairpin_doctor.fixes.changes.links import (
    LinkMac,
    LinkMtu,
    LinkState,
    MacvlanLink,
    RemovedLink,
    VethPort,
    VlanLink,
)
from hairpin_doctor.fixes.changes.look import Look
from hairpin_doctor.fixes.changes.packet_filter import IptablesRule, NftRule, UnusedChain
from hairpin_doctor.fixes.changes.sysctl import Sysctl

KINDS: tuple[type[Change], ...] = (
    BridgeNetfilter,
    BridgeNetfilterIpv6,
    BridgePortFlag,
    BridgeSnooping,
    BridgeVlan,
    ConfigFile,
    Deletion,
    EnabledUnit,
    FdbEntry,
    ForgottenFlow,
    ForgottenNeighbour,
    InterfaceAddress,
    IptablesRule,
    LinkMac,
    LinkMtu,
    LinkState,
    Look,
    MacvlanLink,
    Manifest,
    NeighbourEntry,
    NftRule,
    Patch,
    PolicyRule,
    RemovedFile,
    RemovedFolder,
    RemovedLink,
    RestartedDaemonSet,
    RouteEntry,
    Sysctl,
    UnusedChain,
    VethPort,
    VlanLink,
)
"""Every kind of change, by name; a report and a checkpoint write the name of the class as `kind`."""

__all__ = [
    "KINDS",
    "BridgeNetfilter",
    "BridgeNetfilterIpv6",
    "BridgePortFlag",
    "BridgeSnooping",
    "BridgeVlan",
    "Change",
    "ConfigFile",
    "Deletion",
    "EnabledUnit",
    "FdbEntry",
    "ForgottenFlow",
    "ForgottenNeighbour",
    "InterfaceAddress",
    "IptablesRule",
    "LinkMac",
    "LinkMtu",
    "LinkState",
    "Look",
    "MacvlanLink",
    "Manifest",
    "NeighbourEntry",
    "NftRule",
    "Patch",
    "PolicyRule",
    "RemovedFile",
    "RemovedFolder",
    "RemovedLink",
    "ResourceRef",
    "RestartedDaemonSet",
    "RouteEntry",
    "Sysctl",
    "UnusedChain",
    "VethPort",
    "VlanLink",
    "commands_of",
    "undo_of",
]
