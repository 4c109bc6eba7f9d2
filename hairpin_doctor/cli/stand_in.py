"""The options of `scan` that put a stand-in client on a bridge."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from hairpin_doctor.cli.refused import Refused

if TYPE_CHECKING:
    from hairpin_doctor.scan import Request
    from hairpin_doctor.stand_in import Wanted


def stand_in_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--stand-in and --stand-in-address."""
    command = click.option(
        "--stand-in-address",
        metavar="ADDRESS/PREFIX",
        help="Its address, instead of one that is proven free.",
    )(command)
    return click.option(
        "--stand-in",
        metavar="BRIDGE",
        help="Look from a temporary client on this bridge too, as a VM on it would. Changes the host for seconds.",
    )(command)


def wanted_stand_in(bridge: str | None, address: str | None) -> Wanted | None:
    """What the options ask for. Raises Refused for what cannot be meant."""
    if bridge is None:
        if address is not None:
            raise Refused("--stand-in-address goes with --stand-in BRIDGE")
        return None
    from ipaddress import IPv4Interface

    from hairpin_doctor.stand_in import Wanted

    if os.geteuid() != 0:
        raise Refused(
            "--stand-in makes a network namespace and a bridge port, which needs root: run it with sudo"
        )
    try:
        return Wanted(bridge, IPv4Interface(address) if address is not None else None)
    except ValueError:
        raise Refused(
            f"--stand-in-address {address!r} is no IPv4 address with a prefix length, like 192.0.2.9/24"
        ) from None


@contextmanager
def with_stand_in(wanted: Wanted | None, request: Request) -> Iterator[Request]:
    """The request with the stand-in's recording among the others, and the stand-in there until the block ends."""
    if wanted is None:
        yield request
        return
    from hairpin_doctor.recording import RememberingHost
    from hairpin_doctor.scan import with_targets
    from hairpin_doctor.stand_in import CannotStandIn, standing_in
    from probes.linux.host import LinuxHost

    named = with_targets(RememberingHost(LinuxHost()), request)
    try:
        with standing_in(LinuxHost, wanted, named, lambda text: click.echo(text, err=True)) as recording:
            yield replace(named, others=(recording, *named.others))
    except CannotStandIn as error:
        raise Refused(error) from None
