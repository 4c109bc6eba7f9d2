"""Which cluster a command reads beside this machine: its options, and what is wrong where none can be asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hairpin_doctor.cli.completions import complete_files
from hairpin_doctor.cli.refused import Refused

if TYPE_CHECKING:
    from probes.cluster.api import Api
    from probes.host import Host
    from probes.probe import Probe

C = TypeVar("C", bound=Callable[..., Any])
OPTIONS = (
    click.option("--context", metavar="NAME", help="Ask this cluster of the kubeconfig."),
    click.option(
        "--kubeconfig",
        metavar="FILE",
        shell_complete=complete_files,
        help="Ask the cluster that this file names.",
    ),
    click.option("--no-cluster", is_flag=True, help="Ask no cluster, though one is configured."),
)


def cluster_options(command: C) -> C:
    """Give a command the options, as parameters `context`, `kubeconfig` and `no_cluster`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def chosen_cluster(context: str | None, kubeconfig: str | None, *, no_cluster: bool = False) -> Api | None:
    """The way to it, None where there is none. Raises Refused where one is named and does not answer.

    One that is merely configured and cannot be read is said, and the command goes on without it.
    """
    from probes.cluster.access import NoAccess, access, unreadable

    if no_cluster:
        return None
    try:
        api = access(os.environ, context, kubeconfig)
    except NoAccess as error:
        raise Refused(error) from None
    if api is None:
        said = unreadable(os.environ)
        if said is not None:
            click.echo(f"no cluster is asked: {said}", err=True)
    elif context is not None or kubeconfig is not None:
        _must_answer(api, f"--context {context}" if context is not None else f"--kubeconfig {kubeconfig}")
    return api


def _must_answer(api: Api, named: str) -> None:
    from probes.cluster.host import ClusterHost
    from probes.host import Unanswered
    from probes.questions.cluster import ApiGroups

    try:
        ClusterHost(api).ask(ApiGroups())
    except Unanswered as error:
        raise Refused(f"{named}: {str(error).rstrip('.')}") from None


def host_beside(api: Api | None) -> Host:
    """This machine, and the cluster beside it where there is one."""
    from probes.linux.host import LinuxHost

    if api is None:
        return LinuxHost()
    from probes.cluster.host import ClusterHost, WithCluster

    return WithCluster(LinuxHost(), ClusterHost(api))


def probes_for(api: Api | None) -> tuple[Probe[Any], ...]:
    """Those of a cluster only where one is asked."""
    from hairpin_doctor.examine import of_the_machine
    from probes.catalogue import CATALOGUE

    return CATALOGUE if api is not None else of_the_machine(CATALOGUE)
