"""What the guest of scripts/mended_guest.py finds in its /etc: the site's network, a speaker, and what a person types."""

from __future__ import annotations

from hairpin_doctor.lab import crowd
from scripts.guest_cluster import ASKED, POD, POD_SERVES, PYTHON, kube_proxy, speaker
from scripts.virtual_machine import REPOSITORY

MENDED = "LAB-VM: mended"
VIP = "192.0.2.80"
NETWORK = f"""\
set -e
modprobe br_netfilter; modprobe nf_conntrack
sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=0 net.ipv4.conf.all.rp_filter=0
ip link add bridge0 address 52:54:00:00:00:01 type bridge
ip netns add lan; ip netns add vm; ip netns add pod
ip link add eno1 type veth peer name eth0 netns lan
ip link add vnet1 type veth peer name eth0 netns vm
for port in eno1 vnet1; do ip link set $port master bridge0 up; done
ip addr add 192.0.2.246/24 dev bridge0; ip link set bridge0 up
ip link add cni0 address 52:54:00:00:00:02 type bridge; ip addr add 10.244.0.1/24 dev cni0
ip link add veth83 type veth peer name eth0 netns pod; ip link set veth83 master cni0 up; ip link set cni0 up
for each in "lan 192.0.2.1" "vm 192.0.2.10" "pod {POD[4]}"; do
    set -- $each
    ip -n $1 addr add $2/24 dev eth0; ip -n $1 link set eth0 up; ip -n $1 link set lo up
done
ip -n vm route add default via 192.0.2.1; ip -n pod route add default via 10.244.0.1
{kube_proxy(VIP, "192.0.2.246")}"""
SITE = """\
[Unit]
Description=The site's network and pods
Before=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash /etc/lab-vm/network
"""
POD_UNIT = f"[Unit]\nDescription=The pod\nAfter=site.service\n[Service]\nExecStart={POD_SERVES}\n"
SPEAKER = """\
[Unit]
Description=k0s, and in it the speaker, which announces where the advertisement says
After=network-online.target
Wants=network-online.target
[Service]
ExecStart=/bin/sh /etc/lab-vm/speaker
StandardOutput=append:/run/speaker
Restart=on-failure
RestartSec=1
"""
SPEAKER_SCRIPT = f"""\
. /etc/lab-vm/advertisement
echo "started with $(ip -br link show $on) $(ip -4 -br addr show $on)"
exec {speaker([VIP], "$on")}
"""
STORY_UNIT = """\
[Unit]
Description=The story
After=k0scontroller.service
[Service]
ExecStart=/bin/bash /etc/lab-vm/next
"""
NEXT = """\
echo x >> /etc/lab-vm/boots; sync
exec /bin/bash /etc/lab-vm/story-$(wc -l < /etc/lab-vm/boots)
"""
BEGINNING = (
    f"""\
export PATH={REPOSITORY}/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root PYTHONDONTWRITEBYTECODE=1 COLUMNS=100
exec > /dev/ttyS0 2>&1 < /dev/null
trap '[ $? = 0 ] || systemctl status --no-pager k0scontroller pod site; sync; systemctl --force --force poweroff' EXIT
PS4='+ $SECONDS '
vip={VIP} report=/run/vm.json said=/run/said
"""
    + ASKED
    + """\
in_the_vm() { ip netns exec vm unshare -u sh -c 'hostname vm; exec "$@"' sh "$@"; }
doctor() { # as typed, without the terminal's progress; prints what it said, and its exit code
    hairpin-doctor "$@" > $said 2>&1 < /dev/null && code=0 || code=$?
    cat $said; echo "exit code $code"
}
forget() { ip netns exec vm ip neigh flush all; ip neigh flush all; }
announced() { until grep -qs 'announcer ready' /run/speaker; do sleep 1; done; }
advertise() {
    echo "on=$1" > /etc/lab-vm/advertisement
    rm /run/speaker; systemctl restart k0scontroller; announced; forget
}
otherwise_well() { ip netns exec vm ping -c 1 -w 100 192.0.2.246; }
see() { rm -f $report; in_the_vm hairpin-doctor scan $vip:80 --save $report > $said 2>&1 || true; [ -s $report ]; }
apply() { # until it waits for the word from another shell
    hairpin-doctor fix "$@" --target $vip:80 --from $report --apply --confirm-within 3600 > $said 2>&1 < /dev/null &
    typed=$!
    until grep -q 'To keep it' $said; do kill -0 $typed || { cat $said; false; }; sleep 5; done
}
keep() { hairpin-doctor fix --confirm; wait $typed || { cat $said; false; }; cat $said; }
set -ex
announced
served $vip
"""
)
CROWDED = f"""\
crowded() {{ # an entry lasts ten minutes, a scan here half of that: the crowd stays until somebody ends it
    rm -f /run/crowd
    {PYTHON} {crowd.__file__} > /run/crowd &
    crowd=$!
    until [ -s /run/crowd ]; do sleep 1; done
}}
sysctl -w net.netfilter.nf_conntrack_max=300
crowded
unserved $vip
see
kill $crowd
apply HD408
served $vip
keep
[ $(sysctl -n net.netfilter.nf_conntrack_max) = 600 ]
doctor fix --rollback
[ $(sysctl -n net.netfilter.nf_conntrack_max) = 300 ]
crowded
unserved $vip
kill $crowd
conntrack -F
sysctl -w net.netfilter.nf_conntrack_max=65536
served $vip
echo "{MENDED}"
"""
DEAF = f"""\
advertise eno1
unserved $vip
otherwise_well
see
apply HD104 --option 2 --persist
advertise metallb0 # what the plan's stage of the cluster says
served $vip
keep
ls /etc/systemd/system
doctor fix --history
echo "{MENDED}"
"""
BOOTED_AGAIN = f"""\
cat /run/speaker
grep '^started with metallb0@bridge0 *\\(UP\\|UNKNOWN\\) .* metallb0@bridge0 .* 169[.]254[.]' /run/speaker
[ $(grep -c '^started' /run/speaker) = 1 ] # the first start of the cluster found the interface
ip -n vm neigh show $vip | grep "$(cat /sys/class/net/metallb0/address)"
see
doctor scan $vip:80 --with $report
[ $code = 0 ]
doctor fix --uninstall HD104
! ip link show metallb0
! find /etc -name '*hairpin-doctor*' | grep .
advertise eno1 # the stage of the cluster taken back, too
unserved $vip
otherwise_well
see
doctor scan $vip:80 --with $report
[ $code = 1 ]
grep HD104 $said
echo "{MENDED}"
"""
STORIES = {"HD408": (CROWDED,), "HD104": (DEAF, BOOTED_AGAIN)}
"""By the code of the cause: what is done at the first boot, and at the second."""


def files(stories: tuple[str, ...]) -> dict[str, str]:
    """Path below / -> text. Each boot takes the story that is next."""
    later = {f"etc/lab-vm/story-{number}": BEGINNING + each for number, each in enumerate(stories, 1)}
    return {**SITE_FILES, **later}


SITE_FILES = {
    "etc/hostname": "n5\n",
    "etc/systemd/system.conf.d/slow.conf": "[Manager]\nDefaultDeviceTimeoutSec=15min\nDefaultTimeoutStartSec=15min\n",
    "etc/systemd/system/site.service": SITE,
    "etc/systemd/system/pod.service": POD_UNIT,
    "etc/systemd/system/k0scontroller.service": SPEAKER,
    "etc/systemd/system/story.service": STORY_UNIT,
    "etc/lab-vm/managers": "site.service pod.service\n",
    "etc/lab-vm/network": NETWORK,
    "etc/lab-vm/advertisement": "on=bridge0\n",
    "etc/lab-vm/speaker": SPEAKER_SCRIPT,
    "etc/lab-vm/next": NEXT,
}
