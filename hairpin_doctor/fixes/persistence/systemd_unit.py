"""A oneshot unit that carries changes out at boot, before the cluster starts: for every change, on every systemd host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from shlex import quote

from hairpin_doctor.fixes.changes import Change, ConfigFile, commands_of, undo_of
from hairpin_doctor.fixes.persistence.persistence import Persistence, header

NETWORK = ("systemd-networkd.service", "NetworkManager.service", "networking.service")
CONTAINER_ENGINES = ("docker.service", "containerd.service")
FOLDER = "/etc/hairpin-doctor"
SEARCH_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def systemd_unit(
    name: str, changes: Sequence[Change], cluster_units: Iterable[str], devices: Sequence[str] = ()
) -> Persistence:
    """Before the cluster's units, so that what it announces on is there; bound to the interfaces that must exist.

    Container engines that the cluster uses come later than that too; who writes rules at their own start is no matter here.
    """
    later = [unit for unit in cluster_units if unit not in CONTAINER_ENGINES]
    waits = [f"sys-subsystem-net-devices-{escaped(device)}.device" for device in devices]
    lines = [
        f"After={' '.join((*NETWORK, *waits))}",
        *([f"BindsTo={' '.join(waits)}"] if waits else []),
        *([f"Before={' '.join(later)}"] if later else []),
    ]
    return _unit(name, changes, lines, ("multi-user.target", *waits))


def unit_after_the_cluster(
    name: str, changes: Sequence[Change], cluster_units: Iterable[str], devices: Sequence[str] = ()
) -> Persistence:
    """After the units that set things back when they start (k3s, RKE2, Docker), and again with each of them.

    `devices`: what the cluster may make only with its first pod, such as the bridge of its CNI: the unit tries again until
    they are there.
    """
    first = list(cluster_units)
    waits = [f"sys-subsystem-net-devices-{escaped(device)}.device" for device in devices]
    lines = [f"After={' '.join((*NETWORK, *first))}", *([f"PartOf={' '.join(first)}"] if first else [])]
    again = ("Restart=on-failure", "RestartSec=10") if devices else ()
    return _unit(name, changes, lines, ("multi-user.target", *first, *waits), again)


def _unit(
    name: str,
    changes: Sequence[Change],
    order: Iterable[str],
    wanted_by: Sequence[str],
    service: Iterable[str] = (),
) -> Persistence:
    unit, script = f"hairpin-doctor-{name}.service", f"{FOLDER}/{name}.sh"
    text = header(f"carries out the fix {name} at boot; {script} holds the commands") + "\n".join(
        (
            "[Unit]",
            f"Description=Fix {name} of hairpin-doctor",
            *order,
            "",
            "[Service]",
            "Type=oneshot",
            "RemainAfterExit=yes",
            f"ExecStart=/bin/sh {script} start",
            f"ExecStop=/bin/sh {script} stop",
            *service,
            "",
            "[Install]",
            f"WantedBy={' '.join(wanted_by)}",
            "",
        )
    )
    files = (
        ConfigFile(f"/etc/systemd/system/{unit}", text, told="systemd"),
        ConfigFile(script, _script(name, changes), 0o755),
    )
    return Persistence(
        "systemd unit",
        files,
        ("systemctl daemon-reload", f"systemctl enable {unit}", f"systemctl restart {unit}"),
        (
            f"systemctl disable --now {unit}",
            f"rm -f /etc/systemd/system/{unit} {script}",
            "systemctl daemon-reload",
        ),
        units=(unit,),
    )


def _script(name: str, changes: Sequence[Change]) -> str:
    """Start takes back first what may be there already: a second start ends with the same state, not with an error."""
    undo = [f"{command} 2>/dev/null || true" for command in undo_of(changes)]
    body = [
        "case ${1-} in",
        "start)",
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
    ]
    return (
        "#!/bin/sh\n"
        + header(f"the commands of the fix {name}")
        + f"export {SEARCH_PATH}\n"
        + "\n".join(body)
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
