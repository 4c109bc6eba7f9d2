"""References: brief names, full addresses."""

from __future__ import annotations

import pytest

from hairpin_doctor.references import BadReference, Reference, references


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("RFC 826", "https://www.rfc-editor.org/rfc/rfc826"),
        (
            "net/ipv4/arp.c",
            "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/net/ipv4/arp.c",
        ),
        ("ip-rule(8)", "https://manpages.debian.org/ip-rule.8"),
        ("metallb/metallb#531", "https://github.com/metallb/metallb/issues/531"),
        ("https://metallb.io/concepts/bgp/", "https://metallb.io/concepts/bgp/"),
    ],
)
def test_every_form_leads_to_an_address(name: str, url: str) -> None:
    assert references(f"{name}.") == (Reference(name, url),)


def test_references_are_parted_by_semicolons_and_may_be_wrapped() -> None:
    assert [each.name for each in references("RFC\n826; arp(7).")] == ["RFC 826", "arp(7)"]


def test_what_has_no_known_form_is_refused() -> None:
    with pytest.raises(BadReference, match="some blog"):
        references("RFC 826; some blog.")
