"""Process 1 of a machine that has an /etc of its own: it applies what sysctl.d says, and then starts a service.

As in a system container (LXC, kind), whose init is in the container's network and mounts. Every other machine of the lab has
the files, and the process 1, of the machine that the lab runs on.
"""

from __future__ import annotations

from collections.abc import Mapping

from hairpin_doctor.lab.daemon import DIRECTORY, Daemon, ReadyLine

INIT = "init"
SCRIPT = """\
etc=$1 service=$2
shift 2
mkdir "$etc"
mount -t tmpfs init "$etc"
cp -a /etc/. "$etc"
while [ $# -gt 0 ]; do
    mkdir -p "$etc/${1%/*}"
    printf '%s\\n' "$2" > "$etc/$1"
    shift 2
done
mount --move "$etc" /etc
mount --bind /proc/$$ /proc/1
for file in /etc/sysctl.d/*-lab.conf; do sysctl -q -p "$file"; done
/bin/sh -ec "$service"
echo booted
exec sleep infinity
"""
"""It is a copy of /etc, so that nothing that is done here reaches the real one, whose other files are not applied."""


def init(files: Mapping[str, str], service: str) -> Daemon:
    """`files`: path below /etc -> text; of sysctl.d those are applied that end in -lab.conf. `service`: what starts last."""
    words = (word for pair in files.items() for word in pair)
    argv = ("unshare", "--mount", "/bin/sh", "-ec", SCRIPT, INIT, f"{DIRECTORY}/etc", service, *words)
    return Daemon(INIT, argv, ready=(ReadyLine("booted"),))
