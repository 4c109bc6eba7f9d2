"""Exit 1 with a list if the generated pages below docs/ are not what the code says now."""

from __future__ import annotations

import sys
from pathlib import Path

from hairpin_doctor.docs_generator import pages, stale_pages

DOCS = Path(__file__).parents[1] / "docs"


def differing() -> list[str]:
    """Pages that are missing, changed or left over."""
    wanted = pages()
    changed = [
        path
        for path, text in wanted.items()
        if not (DOCS / path).is_file() or (DOCS / path).read_text() != text
    ]
    return [*changed, *stale_pages(DOCS, wanted)]


if __name__ == "__main__":
    if found := differing():
        sys.exit("\n".join(("generated pages are out of date, run `make docs`:", *found)))
