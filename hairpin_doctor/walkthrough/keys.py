"""Which keys a screen has, and what each of them makes of the state: pure."""

from __future__ import annotations

from dataclasses import replace

from hairpin_doctor.report.report import Step
from hairpin_doctor.report.terminal import as_command
from hairpin_doctor.walkthrough.state import Act, Screen, Walk

Keys = tuple[tuple[str, str], ...]
NEXT: dict[Screen, Screen] = {"answer": "hops", "hops": "cause", "cause": "ruled out", "ruled out": "fixes"}
ONWARD: dict[Screen, str] = {
    "hops": "the path",
    "cause": "the cause",
    "ruled out": "what it is not",
    "fixes": "how to mend it",
    "end": "where it stands",
}
WITH_PATHS: tuple[Screen, ...] = ("answer", "end")
WITH_MORE: tuple[Screen, ...] = ("answer", "hops", "cause", "ruled out", "end")
CHOOSING: tuple[Screen, ...] = ("hops", "fixes")
"""Where up and down choose something, so that the space bar and the page keys alone move the window."""
PAGE = 8
TYPED_AT_MOST = 200


def keys_of(walk: Walk) -> Keys:
    """The keys that do something here, with what they do, in the order of showing."""
    fixed: dict[Screen, Keys] = {
        "ask": (("enter", "look"), *((("escape", "back"),) if walk.report else ()), ("Ctrl-C", "quit")),
        "rights": (("y", "look as root"), ("enter", "go on without"), ("q", "quit")),
        "look": (("q", "quit"),),
        "apply": (),
        "keep": (("y", "keep it"), ("r", "take it back"), ("q", "quit")),
        "quit": (("k", "keep the change"), ("r", "take it back"), ("b", "stay")),
    }
    if walk.screen in fixed:
        return fixed[walk.screen]
    return (*_own(walk), *_common(walk))


def _own(walk: Walk) -> Keys:
    match walk.screen:
        case "copy":
            return ()
        case "plan":
            return ((("a", "apply it"),) if walk.cannot_apply is None else ()) + (("c", "copy the commands"),)
        case "fixes" if walk.diagnosis and walk.diagnosis.fixes:
            return (("up/down", "choose"), ("enter", "its plan"))
        case "end":
            return (("enter", "look again"), *((("r", "take the fix back"),) if walk.changed else ()))
    hop = (("up/down", "hop"),) if walk.screen == "hops" else ()
    other = (("n", "next cause"),) if walk.screen == "cause" and len(walk.causes) > 1 else ()
    return (("enter", ONWARD[following(walk)]), *hop, *other)


def _common(walk: Walk) -> Keys:
    more = (("m", "less" if walk.more else "more"),) if walk.screen in WITH_MORE else ()
    path = (("p", "next path"),) if walk.screen in WITH_PATHS and len(walk.paths) > 1 else ()
    copied = (("c", "copy the command"),) if walk.screen in ("answer", "end") and command(walk) else ()
    typed = (("t", "target or report"),) if _can_type(walk) else ()
    back = (("b", "back"),) if walk.before else ()
    return (*more, *path, *copied, *typed, *back, ("s", "save"), ("q", "quit"))


def _can_type(walk: Walk) -> bool:
    return walk.can_ask and walk.screen in ("answer", "end")


def following(walk: Walk) -> Screen:
    """Where Enter leads from a screen that tells something: past what there is nothing to tell of."""
    screen = NEXT.get(walk.screen, "end")
    if screen == "hops" and walk.path is None:
        screen = "cause"
    if screen == "cause" and walk.diagnosis is None:
        healthy = walk.report is not None and walk.report.verdict == "healthy"
        screen = "end" if healthy else "ruled out"
    if screen == "fixes" and walk.diagnosis is None:
        screen = "end"
    return screen


def press(walk: Walk, key: str) -> tuple[Walk, Act | None]:
    """The state after a key, and what is to be done outside."""
    if key == "end of input":  # Ctrl-D: the way out of every screen, where a q is a letter too
        return _leave(walk) if walk.screen in ("ask", "rights") else press(walk, "q")
    if walk.screen == "ask":
        return _type(walk, key)
    if walk.screen in ("quit", "keep", "rights"):
        return _decide(walk, key)
    if walk.screen == "apply":
        return walk, None
    if key == "q":
        return _leave(walk)
    if walk.screen == "look":
        return walk, None
    if key in ("b", "escape", "left"):
        return walk.back(), None
    if key == "s":
        return walk, "save"
    return _on_screen(walk, key)


def _leave(walk: Walk) -> tuple[Walk, Act | None]:
    return (walk.to("quit"), None) if walk.changed else (walk, "leave")


def _on_screen(walk: Walk, key: str) -> tuple[Walk, Act | None]:
    walk = replace(walk, message=None)
    if key == "m" and walk.screen in WITH_MORE:
        return replace(walk, more=not walk.more, offset=0), None
    if key in ("up", "down"):
        return _moved(walk, -1 if key == "up" else 1), None
    if key in ("space", "page down", "page up"):
        return replace(walk, offset=max(0, walk.offset + (-PAGE if key == "page up" else PAGE))), None
    if key == "p" and walk.screen in WITH_PATHS and walk.paths:
        return replace(walk, drawn=(walk.drawn + 1) % len(walk.paths), hop=0, offset=0), None
    if key == "c" and walk.screen != "copy" and command(walk):
        return walk.to("copy"), "copy"
    if key == "t" and _can_type(walk):
        return walk.to("ask"), None
    if walk.screen == "plan" and key == "a" and walk.cannot_apply is None:
        return walk.to("apply"), "apply"
    if walk.screen == "end" and key == "r" and walk.changed:
        return walk.to("apply"), "undo"
    if walk.screen == "fixes" and key.isdecimal():
        return _choose(walk, int(key) - 1), None
    if walk.screen == "cause" and key == "n" and walk.causes:
        return replace(walk, cause=(walk.cause + 1) % len(walk.causes), fix=0, offset=0), None
    return _onward(walk) if key in ("enter", "right") else (walk, None)


def _onward(walk: Walk) -> tuple[Walk, Act | None]:
    if walk.screen == "end":
        return walk.to("look"), "look"
    if walk.screen == "copy":
        return walk.back(), None
    if walk.screen == "fixes":
        return (walk.to("plan") if walk.chosen_fix else walk.to("end")), None
    if walk.screen == "plan":
        return replace(walk, message=walk.cannot_apply or "nothing is changed before you press a"), None
    return walk.to(following(walk)), None


def _moved(walk: Walk, step: int) -> Walk:
    if walk.screen == "hops" and walk.path is not None:
        hop = max(0, min(len(walk.path.hops) - 1, walk.hop + step))
        return replace(walk, hop=hop, more=False, offset=0)
    if walk.screen == "fixes" and walk.diagnosis and walk.diagnosis.fixes:
        return replace(walk, fix=max(0, min(len(walk.diagnosis.fixes) - 1, walk.fix + step)), offset=0)
    return replace(walk, offset=max(0, walk.offset + step))


def _choose(walk: Walk, number: int) -> Walk:
    fixes = walk.diagnosis.fixes if walk.diagnosis else ()
    if 0 <= number < len(fixes):
        return replace(walk, fix=number, offset=0)
    return replace(walk, message=f"there is no fix {number + 1}")


def _type(walk: Walk, key: str) -> tuple[Walk, Act | None]:
    if key == "enter":
        return (
            (walk, "look") if walk.typed.strip() else (replace(walk, message="type an address first"), None)
        )
    if key == "escape":
        return (replace(walk.back(), typed="") if walk.before else walk), None
    if key == "backspace":
        return replace(walk, typed=walk.typed[:-1], message=None), None
    if len(key) == 1 and key.isprintable() and len(walk.typed) < TYPED_AT_MOST:
        return replace(walk, typed=walk.typed + key, message=None), None
    return walk, None


def _decide(walk: Walk, key: str) -> tuple[Walk, Act | None]:
    if walk.screen == "rights":
        if key == "y":
            return walk, "become root"
        if key == "q":
            return walk, "leave"
        return (walk.to("look"), "look") if key in ("enter", "n") else (walk, None)
    if key == "r":
        return walk.to("apply"), "undo"
    if walk.screen == "keep":
        return (walk, "keep") if key == "y" else (walk.to("quit") if key == "q" else walk, None)
    if key == "k":
        return walk, "keep and leave"
    return (walk.back(), None) if key in ("b", "escape") else (walk, None)


def command(walk: Walk) -> tuple[str, ...]:
    """The commands that `copy` gives on this screen: those of the plan, else what is left to do, else the next ones."""
    if walk.screen == "plan" or (walk.screen == "copy" and walk.before[-1:] == ("plan",)):
        return _of_steps(walk.chosen_fix.steps) if walk.chosen_fix else ()
    next_ = walk.report.next_steps if walk.report else ()
    return _of_steps(walk.to_do) or tuple(text for step in next_ for text in step.commands)


def _of_steps(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(
        text
        for step in steps
        for text in (*step.commands, *([as_command(step.manifest)] if step.manifest else []))
    )
