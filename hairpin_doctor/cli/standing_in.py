"""The options of `scan --stand-in`, and what they mean in a program."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hairpin_doctor.cli.from_afar import targets_of
from hairpin_doctor.cli.refused import Refused

if TYPE_CHECKING:
    from hairpin_doctor.scan import Request
    from hairpin_doctor.stand_in import Place
    from probes.host import Host

C = TypeVar("C", bound=Callable[..., Any])
OPTIONS = (
    click.option(
        "--stand-in",
        "stand_in",
        metavar="BRIDGE",
        help="Look also as a VM on this bridge would: adds a port to it for some seconds (root).",
    ),
    click.option(
        "--stand-in-address",
        "stand_in_addresses",
        multiple=True,
        metavar="A/P",
        help="Address of the stand-in (one for IPv4, one for IPv6); without it one is proven to be free.",
    ),
    click.option(
        "--stand-in-like", metavar="PORT", help="Give its port the flags, the VLAN and the state of this one."
    ),
)


def stand_in_options(command: C) -> C:
    """Give a command the options, as parameters `stand_in`, `stand_in_addresses` and `stand_in_like`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def chosen_place(bridge: str | None, addresses: tuple[str, ...], like: str | None) -> Place | None:
    """Where to stand in, or None. Raises Refused for arguments that cannot be meant, and for missing rights."""
    if bridge is None:
        if addresses or like is not None:
            raise Refused("--stand-in-address and --stand-in-like need --stand-in BRIDGE")
        return None
    from hairpin_doctor.stand_in import Place
    from hairpin_doctor.stand_in_address import parse_address

    if os.geteuid() != 0:
        raise Refused("--stand-in adds a port to a bridge, and only root may; run it by sudo")
    try:
        given = tuple(parse_address(each) for each in addresses)
    except ValueError as error:
        raise Refused(error) from None
    if len({each.version for each in given}) < len(given):
        raise Refused("--stand-in-address may be given once for IPv4 and once for IPv6")
    return Place(bridge, given, like)


@contextmanager
def with_stand_in(host: Host, place: Place | None, request: Request) -> Iterator[Request]:
    """The request with what a stand-in saw among the others; it stands there inside the block. Raises Refused.

    `host` with its cluster, if one is to be asked, for the targets alone: a client has none.
    """
    if place is None:
        yield request
        return
    request = replace(request, targets=tuple(targets_of(host, request)), services=())
    from hairpin_doctor.stand_in import CannotStandIn, standing_in

    try:
        with standing_in(host, place, request, _say) as seen:
            yield replace(request, others=(*request.others, seen))
    except CannotStandIn as error:
        raise Refused(error) from None


def _say(sentence: str) -> None:
    """What is being done to the host, on standard error: standard output is the report's."""
    from hairpin_doctor.report.printable import printable

    click.echo(printable(sentence), err=True)
