"""The ticket: whole, in order, and safe whatever the names in it are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from hairpin_doctor.report.markdown import to_markdown
from hairpin_doctor.report.report import Report

PAYLOADS = (
    "`<script>alert(1)</script>",
    "|x|\n\n# x",
    "\n```\n<img src=x onerror=y>",
    "](http://evil) ![x](http://evil)",
    "--><b>",
    "``` @admin <http://evil>",
)
EXPECTED = """\
# × 192.0.2.53: diagnosed

**192.0.2.53 answers with the MAC of eno1 (HD301, likely).**

## Symptom

| result | target | from | observed |
|---|---|---|---|
| √ works | 192.0.2.53 53/udp | n5 | DNS answers NOERROR, 0.2 ms |
| × fails | 192.0.2.53 53/udp | vm | DNS: no answer |

## × HD301 vip-answers-with-a-port-mac (broken, likely)

192.0.2.53 answers with the MAC of eno1.

### Evidence

- From vm: 53/udp no answer.

### Ruled out

- HD302: not the bridge's MAC.

### Fix: Announce on metallb0

> **Careful:** Does not outlive a reboot.

On n5, as root: an interface of its own

```sh
ip link add link br0 name metallb0 address 02:00:00:00:00:01 type macvlan mode bridge
```

To undo:

```sh
ip link del metallb0
```

On any machine with kubectl: announce there

```sh
kubectl apply -f - <<'EOF'
kind: L2Advertisement
spec:
  # a comment that is longer than any terminal of eighty columns could show in one line
EOF
```

Then check: on vm: hairpin-doctor scan 192.0.2.53

## Good to know

- HD001 ping-silent-by-design: 192.0.2.53 does not answer ping.

## Versions

hairpin-doctor 0.1.0, 2026-01-02 03:04 UTC

| seen from | role | kernel | rights | when |
|---|---|---|---|---|
| n5 | host | unknown | root | now |
| vm | client | unknown | without CAP\\_NET\\_RAW | report of 2026-01-02 03:00 UTC |
"""


def test_a_ticket_reads_from_the_answer_to_the_versions(diagnosed: Report) -> None:
    assert to_markdown(diagnosed) == EXPECTED


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_names_open_no_tag_no_link_and_no_heading(
    poisoned: Callable[[str], Report], payload: str
) -> None:
    parser = MarkdownIt("commonmark").enable("table")
    harmless, hostile = (parser.parse(to_markdown(poisoned(text))) for text in ("x", payload))
    assert [token.type for token in hostile] == [token.type for token in harmless]
    inline = [child for token in hostile for child in token.children or ()]
    assert {child.type for child in inline} <= {
        "text",
        "text_special",
        "code_inline",
        "strong_open",
        "strong_close",
        "html_inline",
    }
    assert {child.content for child in inline if child.type == "html_inline"} <= {"<!-- -->"}


def test_nothing_known_is_left_out_of_an_undetermined_ticket(poisoned: Callable[[str], Report]) -> None:
    text = to_markdown(replace(poisoned(""), verdict="undetermined"))
    assert "- HD201 (suspected): the host" in text
    assert "## Next\n\nOn vm (to see more):\n\n```sh\nsudo hairpin-doctor scan 192.0.2.53\n```" in text
    assert "HD301 vip-answers-with-a-port-mac holds too, and follows from HD601." in text


def test_no_paragraph_is_broken_by_an_empty_line_in_a_row(diagnosed: Report) -> None:
    assert re.search(r"\n\n\n", to_markdown(diagnosed)) is None
