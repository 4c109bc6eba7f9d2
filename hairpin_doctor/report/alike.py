"""What is told once in every format: the same cause at several VIPs, and the causes that hang on one open question."""

from __future__ import annotations

from collections.abc import Iterable

from hairpin_doctor.report.report import Diagnosis, Report, Undetermined


def alike(found: Iterable[Diagnosis]) -> list[list[Diagnosis]]:
    """Groups of diagnoses that differ in nothing but the VIP, in the report's order."""
    groups: dict[tuple[str, str, str], list[Diagnosis]] = {}
    for each in found:
        key = (each.code, each.confidence, each.summary.replace(each.vip, "VIP"))
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def open_alike(found: Iterable[Undetermined]) -> list[list[Undetermined]]:
    """Groups of causes that lack the same at one VIP, in the report's order."""
    groups: dict[tuple[str, str, str], list[Undetermined]] = {}
    for each in found:
        groups.setdefault((each.vip, each.missing, each.how_to_get), []).append(each)
    return list(groups.values())


def named(causes: list[Undetermined]) -> str:
    """`HD301 vip-answers-with-a-port-mac`, or `3 causes` with their codes."""
    if len(causes) == 1:
        return f"{causes[0].code} {causes[0].slug}"
    return f"{len(causes)} causes, {codes(causes)}"


def open_questions(report: Report) -> dict[str, list[Undetermined]]:
    """What must be known before an undetermined report can be a diagnosis -> the causes that hang on it, each once.

    Empty for every other verdict: there the open causes are details.
    """
    if report.verdict != "undetermined":
        return {}
    causes = {each.code: each for each in report.undetermined if each.severity == "broken"}
    questions: dict[str, list[Undetermined]] = {}
    for each in causes.values():
        questions.setdefault(each.missing.partition(": needs ")[0], []).append(each)
    return questions


def open_sentences(report: Report) -> list[str]:
    """The open questions, each with the causes that hang on it; how to know it, where the next step does not tell."""
    found = []
    for question, causes in open_questions(report).items():
        how = f"; to know it: {causes[0].how_to_get}" if seen_from_both_ends(report) else ""
        found.append(f"{codes(causes)}: {question}{how}")
    return found


def seen_from_both_ends(report: Report) -> bool:
    """Whether a client and the machine that serves it were looked at, so that no further scan is the obvious next step."""
    roles = {each.role for each in report.vantage_points}
    return {"client", "host"} <= roles


def follows(report: Report) -> list[str]:
    """What the causes bring with them, each once; of what is never more than a suspicion, that it is answered."""
    return list(dict.fromkeys(map(_follows, report.consequences)))


def _follows(found: Diagnosis) -> str:
    if found.confidence == "possible":
        return f"{found.code} {found.slug} was a suspicion, which {found.explained_by} explains."
    return f"{found.code} {found.slug} holds too, and follows from {found.explained_by}."


def codes(causes: Iterable[Undetermined]) -> str:
    """`HD104, HD105 (suspected)`."""
    return ", ".join(f"{each.code}{' (suspected)' if each.suspected else ''}" for each in causes)
