"""A oneshot unit that carries changes out at boot, before the cluster starts: for every change, on every systemd host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from shlex import quote

from hairpin_doctor.fixes.changes import Change, ConfigFile, EnabledUnit, commands_of, undo_of
from hairpin_doctor.fixes.persistence.persistence import Persistence, header

NETWORK = ("systemd-networkd.service", "NetworkManager.service", "networking.service")
CONTAINER_ENGINES = ("docker.service", "containerd.service")
FOLDER = "/etc/hairpin-doctor"
SEARCH_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def systemd_unit(
    name: str,
    changes: Sequence[Change],
    cluster_units: Iterable[str],
    devices: Sequence[str] = (),
    *,
    until: str | None = None,
) -> Persistence:
    """Before the cluster's units, so that what it announces on is there; bound to the interfaces that must exist.

    Container engines that the cluster uses come later than that too; who writes rules at their own start is no matter here.
    `until`: a command that has to succeed first, for a minute at most. Only for that, and for an interface that is made, the
    boot waits: what is set on one that comes with a VM or a pod is set then, and no cluster starts late for a VM that stays
    off.
    """
    later = [unit for unit in cluster_units if unit not in CONTAINER_ENGINES]
    waits = [f"sys-subsystem-net-devices-{escaped(device)}.device" for device in devices]
    lines = [
        f"After={' '.join((*NETWORK, *waits))}",
        *([f"BindsTo={' '.join(waits)}"] if waits else []),
        *([f"Before={' '.join(later)}"] if later else []),
    ]
    boot = any(each.creates for each in changes) or until is not None or not waits
    words = ("Type=oneshot", "RemainAfterExit=yes", f"ExecStop=/bin/sh {script_of(name)} stop")
    wanted_by = (*(("multi-user.target",) if boot else ()), *waits)
    return service(name, _commands(changes, until), lines, words, wanted_by)


def service(
    name: str,
    commands: str,
    order: Iterable[str],
    words: Iterable[str],
    wanted_by: Sequence[str],
    *,
    runs: bool = False,
) -> Persistence:
    """A unit that calls a script with `start`; `commands` is what the script says, for `start` and for `stop`.

    `order` and `words` are lines of its sections [Unit] and [Service]. `runs`: it is a program that has to run from now on;
    what `stop` takes back is then taken back by us, or its every end would do that.
    """
    unit, script = f"hairpin-doctor-{name}.service", script_of(name)
    does = "keeps" if runs else "carries out"
    text = header(f"{does} the fix {name} from boot on; {script} holds the commands") + "\n".join(
        (
            "[Unit]",
            f"Description=Fix {name} of hairpin-doctor",
            *order,
            "",
            "[Service]",
            *words,
            f"ExecStart=/bin/sh {script} start",
            "",
            "[Install]",
            f"WantedBy={' '.join(wanted_by)}",
            "",
        )
    )
    head = f"#!/bin/sh\n{header(f'the commands of the fix {name}')}export {SEARCH_PATH}\n"
    files = (
        ConfigFile(f"/etc/systemd/system/{unit}", text, told="systemd"),
        ConfigFile(script, head + commands, 0o755),
    )
    return Persistence(
        "systemd unit",
        files,
        ("systemctl daemon-reload", f"systemctl enable {unit}", f"systemctl restart {unit}"),
        (
            f"systemctl disable --now {unit}",
            *([f"/bin/sh {script} stop"] if runs else []),
            f"rm -f /etc/systemd/system/{unit} {script}",
            "systemctl daemon-reload",
        ),
        units=(EnabledUnit(unit, running=runs),),
    )


def script_of(name: str) -> str:
    """Where the commands of a fix lie."""
    return f"{FOLDER}/{name}.sh"


def _commands(changes: Sequence[Change], until: str | None) -> str:
    """Start takes back first what may be there already: a second start ends with the same state, not with an error."""
    undo = [f"{command} 2>/dev/null || true" for command in undo_of(changes)]
    return "\n".join(
        (
            "case ${1-} in",
            "start)",
            *([f"    for try in $(seq 60); do {until} && break; sleep 1; done"] if until else []),
            *(f"    {line}" for line in undo),
            "    set -e",
            *(f"    {line}" for line in commands_of(changes)),
            "    ;;",
            "stop)",
            *(f"    {line}" for line in undo),
            "    true",
            "    ;;",
            '*) echo "usage: $0 start|stop" >&2; exit 2 ;;',
            "esac",
            "",
        )
    )


def escaped(name: str) -> str:
    """An interface's name in the name of a device unit (systemd.unit(5), STRING ESCAPING)."""
    safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_."
    return "".join(
        c if c in safe and not (c == "." and not i) else f"\\x{ord(c):02x}" for i, c in enumerate(name)
    )


def removed(interface: str) -> str:
    """The command that takes an interface away, if it is there."""
    return f"ip link del {quote(interface)} 2>/dev/null || true"
