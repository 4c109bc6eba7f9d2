"""The first checkpoint of a run: who applies what, since when, and by when it must have come further."""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from hairpin_doctor.machine.namespaces import this_namespace
from hairpin_doctor.machine.processes import boot_id, started
from hairpin_doctor.mending.checkpoint import Checkpoint, Work


def first_checkpoint(work: Work, lasts_s: float, number: int) -> Checkpoint:
    """Of the run of this number, by this process, that may take `lasts_s` seconds until it is applied."""
    now = datetime.now(UTC)
    return Checkpoint(
        id=f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}",
        title=work.title,
        code=work.code,
        vips=work.vips,
        machine=work.machine,
        context=work.context,
        kubeconfig=_kubeconfig(),
        made_at=now.isoformat(timespec="seconds"),
        boot_id=boot_id(),
        doctor=os.getpid(),
        doctor_started=started(os.getpid()),
        deadline=time.monotonic() + lasts_s,
        phase="applying",
        lasting=work.lasting,
        number=number,
        namespace=this_namespace(),
    )


def _kubeconfig() -> str | None:
    """Where kubectl finds its contexts, in a form that holds for a service without a home as well."""
    if "KUBECONFIG" in os.environ:
        return os.environ["KUBECONFIG"]
    usual = Path.home() / ".kube" / "config"
    return str(usual) if usual.exists() else None
