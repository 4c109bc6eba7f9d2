"""What -v adds: every probe with its duration, what was ruled out, what stayed open, and why."""

from __future__ import annotations

from itertools import groupby

from hairpin_doctor.report.alike import named, open_alike
from hairpin_doctor.report.page import Page
from hairpin_doctor.report.report import ProbeRun, Report

STATUS_MARKS = {"ok": "good", "skipped": "note", "denied": "note", "failed": "warn"}


def details(report: Report, page: Page) -> None:
    """Probes by vantage point and layer, then the rules."""
    for point in report.vantage_points:
        runs = [each for each in report.probes if each.vantage_point == point.name]
        page.heading(f"Probes on {point.name}{'' if point.live else ' (from the report)'}")
        for layer, group in groupby(runs, key=lambda run: run.layer):
            page.text(layer, 2, "bold")
            page.columns([_probe_row(run) for run in group], 4)
    _show_cleared(report, page)
    _show_undetermined(report, page)


def _probe_row(run: ProbeRun) -> tuple[str, tuple[str, ...]]:
    time = f"{run.duration_ms:.1f} ms" if run.duration_ms is not None else ""
    return STATUS_MARKS[run.status], (run.status.ljust(7), run.id.ljust(20), run.reason or time)


def _show_cleared(report: Report, page: Page) -> None:
    if report.cleared:
        page.heading("What it is not")
    for each in report.cleared:
        page.item(f"{each.code} {each.slug} ({each.vip}): {each.reason}")


def _show_undetermined(report: Report, page: Page) -> None:
    if report.undetermined:
        page.heading("What could not be judged")
    for causes in open_alike(report.undetermined):
        first = causes[0]
        page.item(f"{named(causes)} ({first.vip}): {first.missing}. To know it: {first.how_to_get}")
