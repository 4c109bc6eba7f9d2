"""br_netfilter's switches: a service that looks once a second, so that it matters neither who writes them nor when.

k3s, RKE2 and Docker set the sysctl back to 1 at times of their own, and a bridge that a CNI makes later begins without a
switch of its own. Why no order of units and no path unit outlives both: docs/design/persistence.md, with measurements.
"""

from __future__ import annotations

from collections.abc import Sequence

from hairpin_doctor.fixes.changes import BridgeNetfilter, BridgeNetfilterIpv6, ConfigFile, Sysctl, undo_of
from hairpin_doctor.fixes.persistence.persistence import Persistence, header
from hairpin_doctor.fixes.persistence.systemd_unit import FOLDER, service

WITHOUT = {tables: f"{FOLDER}/bridges-without-{tables}" for tables in ("iptables", "ip6tables")}
"""Folders with a file for each bridge that is to go without; fixes for several bridges do not undo one another's."""
NEW_ONES = """\
            elif [ "${{seen#* "$index" }}" = "$seen" ]; then # new here, or we are
                keep "$bridge/nf_call_{tables}" 1
"""
SCRIPT = """\
keep() {{ # FILE VALUE
    stands=
    read -r stands < "$1" # in dash it fails for /proc/sys even where it has read a value
    case $stands in
    "" | "$2") ;; # br_netfilter is not loaded yet, or the bridge has gone; or it is so
    *) echo "$2" > "$1" ;;
    esac
}}

case ${{1-}} in
start)
    seen=" "
    while :; do
        now=" "
        for bridge in /sys/class/net/*/bridge; do
            name=${{bridge%/bridge}}
            name=${{name##*/}}
            read -r index < "/sys/class/net/$name/ifindex" || continue
            if [ -e "{without}/$name" ]; then
                keep "$bridge/nf_call_{tables}" 0
{new_ones}            fi
            now="$now$index "
        done
{setting}        seen=$now
        sleep 1
    done 2>/dev/null
    ;;
stop)
{undo}
    ;;
*) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
"""


def bridge_netfilter(
    name: str, setting: Sysctl | None, switches: Sequence[BridgeNetfilter | BridgeNetfilterIpv6]
) -> Persistence:
    """`setting`: net.bridge.bridge-nf-call-iptables is 0; `switches`: which of the bridges go without iptables all the same.

    Or ip6tables, where all of them are of IPv6. With `setting` every other bridge keeps it by its own switch, those included
    that are made later: pods reach a ClusterIP on their own node by it. A bridge that somebody turns off by hand stays off
    until the next boot.
    """
    names = [*(each.setting for each in switches), *([setting.name] if setting else [])]
    tables = "ip6tables" if any(each.endswith("ip6tables") for each in names) else "iptables"
    off = [each.bridge for each in switches if not each.enabled]
    undo = undo_of((*switches, *((setting,) if setting else ())))
    script = SCRIPT.format(
        without=WITHOUT[tables],
        tables=tables,
        new_ones=NEW_ONES.format(tables=tables) if setting else "",
        setting=f"        keep /proc/sys/{setting.name} {setting.value}\n" if setting else "",
        undo="\n".join(f"    {command} 2>/dev/null || true" for command in undo) or "    :",
    )
    words = ("Type=exec", "Restart=always", "RestartSec=1")
    found = service(name, script, (), words, ("multi-user.target",), runs=True)
    files = [
        ConfigFile(
            f"{WITHOUT[tables]}/{each}", header(f"{each} bridges without {tables}, while this file is here")
        )
        for each in off
    ]
    gone = tuple(f"rm -f {file.path}" for file in files)
    return Persistence("systemd unit", tuple(files), (), gone) + found
