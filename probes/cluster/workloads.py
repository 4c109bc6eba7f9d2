"""Which DaemonSets have to do with load balancers, told by image and label, since names and namespaces are chosen freely."""

from __future__ import annotations

import re
from urllib.parse import quote

from probes.cluster import fields
from probes.cluster.api import Api, JsonObject, Patience, items
from probes.questions.cluster import Controller, LoadBalancerWorkloads, Pod, PodsOf, Workload

SERVICELB_LABEL = "svccontroller.k3s.cattle.io/svcname"
IMAGES: tuple[tuple[Controller, re.Pattern[str]], ...] = (
    (
        "metallb-speaker",
        re.compile(r"(^|/)(metallb/speaker|metallb-speaker)(:|@|$)|(^|/)bitnami.*/metallb-speaker"),
    ),
    ("servicelb", re.compile(r"(^|/)(mirrored-)?klipper-lb(:|@|$)")),
    ("kube-vip", re.compile(r"(^|/)kube-vip(-iptables)?(:|@|$)")),
    ("cilium", re.compile(r"(^|/)cilium(-ci)?(:|@|$)")),
    ("calico", re.compile(r"(^|/)(mirrored-)?calico[/-]node(:|@|$)")),
    ("openelb", re.compile(r"(^|/)openelb(-speaker)?(:|@|$)")),
    ("kube-proxy", re.compile(r"(^|/)(hyperkube-|mirrored-)?kube-proxy(:|@|$|-)")),
)
SETTINGS = (
    "svc_enable",
    "vip_arp",
    "bgp_enable",
    "lb_enable",
    "lb_class_only",
    "lb_class_name",
    "lb_class_legacy_handling",
    "METALLB_ML_LABELS",
)
ARGUMENT = re.compile(r"--(lb-class=[A-Za-z0-9_./-]*|ignore-exclude-lb(=(true|false))?)", re.ASCII)
WAITING = re.compile(r"[A-Za-z]{1,64}", re.ASCII)  # kubelet's reasons, e.g. CrashLoopBackOff


def load_balancer_workloads(_: LoadBalancerWorkloads, api: Api, patience: Patience) -> tuple[Workload, ...]:
    """/apis/apps/v1/daemonsets, those that are recognised."""
    return tuple(
        found
        for each in items(api, patience, "/apis/apps/v1/daemonsets")
        if (found := _workload(each)) is not None
    )


def _workload(found: JsonObject) -> Workload | None:
    namespace, name = fields.name(found, "metadata", "namespace"), fields.name(found, "metadata", "name")
    for container in fields.objects(found, "spec", "template", "spec", "containers"):
        image = fields.text(container, "image")
        controller = next((kind for kind, pattern in IMAGES if pattern.search(image)), None)
        if controller is None and _labelled_as_speaker(found):
            controller = "metallb-speaker"
        if controller is not None and namespace and name:
            return Workload(
                controller=controller,
                namespace=namespace,
                name=name,
                image=image,
                labels=fields.labels(found, "metadata", "labels"),
                arguments=_arguments(container),
                settings=_settings(container),
                net_raw=_net_raw(container),
                pods=fields.selector(fields.at(found, "spec", "selector")),
                desired=fields.number(found, "status", "desiredNumberScheduled"),
                ready=fields.number(found, "status", "numberReady"),
            )
    return None


def _labelled_as_speaker(found: JsonObject) -> bool:
    """As MetalLB's manifests and its Helm chart label it, whatever a mirror calls the image."""
    labels = fields.labels(found, "metadata", "labels")
    by_manifest = (labels.get("app"), labels.get("component")) == ("metallb", "speaker")
    name, component = labels.get("app.kubernetes.io/name"), labels.get("app.kubernetes.io/component")
    return by_manifest or (name, component) == ("metallb", "speaker")


def _arguments(container: JsonObject) -> tuple[str, ...]:
    """Those that a rule asks for; any other may hold a secret."""
    listed = (*fields.texts(container, "command"), *fields.texts(container, "args"))
    return tuple(each for each in listed if ARGUMENT.fullmatch(each))


def _settings(container: JsonObject) -> dict[str, str]:
    named = {
        fields.text(each, "name"): fields.text(each, "value") for each in fields.objects(container, "env")
    }
    return {key: value for key, value in named.items() if key in SETTINGS}


def _net_raw(container: JsonObject) -> bool | None:
    context = fields.at(container, "securityContext")
    if fields.truth(context, "privileged"):
        return True
    added, dropped = (
        fields.texts(context, "capabilities", "add"),
        fields.texts(context, "capabilities", "drop"),
    )
    if {"NET_RAW", "ALL", "CAP_NET_RAW"} & set(added):
        return True
    return False if {"NET_RAW", "ALL", "CAP_NET_RAW"} & set(dropped) else None


def pods_of(question: PodsOf, api: Api, patience: Patience) -> tuple[Pod, ...]:
    """The pods with these labels in the namespace."""
    selector = quote(question.selector, safe="")
    path = f"/api/v1/namespaces/{question.namespace}/pods?labelSelector={selector}"
    return tuple(_pod(each) for each in items(api, patience, path) if fields.name(each, "metadata", "name"))


def _pod(found: JsonObject) -> Pod:
    conditions = fields.conditions(found)
    containers = fields.objects(found, "status", "containerStatuses")
    states = (fields.text(each, "state", "waiting", "reason") for each in containers)
    reasons = (*states, fields.text(found, "status", "reason"))
    waiting = next((each for each in reasons if WAITING.fullmatch(each)), "")
    if not waiting and conditions.get("PodScheduled") == "False":
        waiting = "it fits on no node"
    return Pod(
        name=fields.name(found, "metadata", "name"),
        node=fields.name(found, "spec", "nodeName") or None,
        ready=conditions.get("Ready") == "True",
        waiting=waiting or None,
    )
