"""The folded part of the HTML report: where it was looked from, what was ruled out, what stayed open, every probe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hairpin_doctor.report.alike import named, open_alike
from hairpin_doctor.report.html_text import Markup, element, prose
from hairpin_doctor.report.report import ProbeRun, Report
from hairpin_doctor.report.wording import looked_when, rights_word, sentence


def details(report: Report) -> Iterator[Markup]:
    """Each part folds out by itself, and needs no script for it."""
    yield element("h2", "Details")
    machines = [
        (point.name, point.role, point.kernel or "unknown", rights_word(point), looked_when(point))
        for point in report.vantage_points
    ]
    yield _folded("Machines", _table(("Seen from", "Role", "Kernel", "Rights", "When"), machines))
    open_causes = [
        (named(causes), causes[0].vip, sentence(causes[0].missing))
        for causes in open_alike(report.undetermined)
    ]
    if open_causes:
        title = f"Could not be judged ({len(report.undetermined)})"
        yield _folded(title, _table(("Cause", "VIP", "Missing"), open_causes))
    cleared = [(f"{each.code} {each.slug}", each.vip, sentence(each.reason)) for each in report.cleared]
    if cleared:
        title = f"What it is not ({len(cleared)})"
        yield _folded(title, _table(("Cause", "VIP", "Because"), cleared))
    probes = [
        (each.vantage_point, each.layer, each.id, each.status, _outcome(each)) for each in report.probes
    ]
    yield _folded(f"Probes ({len(probes)})", _table(("From", "Layer", "Probe", "Status", "Outcome"), probes))


def _outcome(run: ProbeRun) -> str:
    return run.reason or (f"{run.duration_ms:.1f} ms" if run.duration_ms is not None else "")


def _folded(title: str, body: Markup) -> Markup:
    return element("details", element("summary", title), body)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Markup:
    titles = element("tr", *(element("th", each, scope="col") for each in head))
    lines = (element("tr", *(element("td", prose(each)) for each in row)) for row in rows)
    table = element("table", element("thead", titles), element("tbody", *lines))
    return element("div", table, class_="scroll")
