from __future__ import annotations

import pytest

from hairpin_doctor.lab.manifest import ManifestError, announcing_interfaces

POOL = "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nspec: {addresses: [192.168.8.50/32]}\n---\n"
HEAD = "apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata: {name: home}\n"


def test_interfaces_are_read_and_other_documents_are_passed_over() -> None:
    assert announcing_interfaces(f"{POOL}{HEAD}spec:\n  interfaces:\n  - metallb0\n") == ("metallb0",)


@pytest.mark.parametrize("spec", ["", "spec: {}\n", "spec: {ipAddressPools: [home]}\n"])
def test_no_interfaces_means_every_one(spec: str) -> None:
    assert announcing_interfaces(HEAD + spec) == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (POOL, "found 0"),
        (f"{HEAD}---\n{HEAD}", "found 2"),
        ("kind: [", "not YAML"),
        (f"{HEAD}spec: {{interfaces: metallb0}}\n", "list of names"),
    ],
)
def test_a_manifest_of_no_use_is_refused_with_a_reason(text: str, complaint: str) -> None:
    with pytest.raises(ManifestError, match=complaint):
        announcing_interfaces(text)
