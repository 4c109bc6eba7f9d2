"""Which keys a screen has, and what each of them makes of the state: pure."""

from __future__ import annotations

from dataclasses import replace

from hairpin_doctor.walkthrough.state import Act, Screen, Walk

NEXT: dict[Screen, Screen] = {"answer": "hops", "hops": "cause", "cause": "ruled out", "ruled out": "fixes"}
TYPED_AT_MOST = 200


def keys_of(walk: Walk) -> tuple[tuple[str, str], ...]:
    """The keys that do something here, with what they do, in the order of showing."""
    own: dict[Screen, tuple[tuple[str, str], ...]] = {
        "ask": (("enter", "look"), ("Ctrl-C", "quit")),
        "rights": (("y", "look as root"), ("enter", "go on without")),
        "look": (),
        "answer": (("enter", "the path"),),
        "hops": (("enter", "the cause"), ("up/down", "hop")),
        "cause": (("enter", "ruled out"), *((("n", "next cause"),) if len(walk.causes) > 1 else ())),
        "ruled out": (("enter", "how to mend it"),),
        "fixes": (("1-9", "choose"), ("enter", "its plan")),
        "plan": ((("a", "apply it"),) if walk.cannot_apply is None else ()) + (("c", "copy the commands"),),
        "apply": (),
        "keep": (("y", "keep it"), ("r", "take it back")),
        "end": (("enter", "look again"), *((("r", "take the fix back"),) if walk.changed else ())),
        "copy": (),
        "quit": (("k", "keep the change"), ("r", "take it back"), ("b", "stay")),
    }
    if walk.screen in ("ask", "quit", "look", "apply"):
        common: tuple[tuple[str, str], ...] = (("q", "quit"),) if walk.screen == "look" else ()
    else:
        more = (("m", "less" if walk.more else "more"),) if walk.screen in ("answer", "hops", "cause") else ()
        copied = (("c", "copy the command"),) if walk.screen in ("answer", "end") and command(walk) else ()
        common = (*more, *copied, ("b", "back"), ("s", "save"), ("q", "quit"))
    return (*own[walk.screen], *common)


def press(walk: Walk, key: str) -> tuple[Walk, Act | None]:
    """The state after a key, and what is to be done outside."""
    if walk.screen == "ask":
        return _type(walk, key)
    if walk.screen in ("quit", "keep", "rights"):
        return _decide(walk, key)
    if walk.screen == "apply":
        return walk, None
    if key == "q":
        return (walk.to("quit"), None) if walk.changed else (walk, "leave")
    if walk.screen == "look":
        return walk, None
    if key in ("b", "escape", "left"):
        return walk.back(), None
    if key == "s":
        return walk, "save"
    return _on_screen(walk, key)


def _on_screen(walk: Walk, key: str) -> tuple[Walk, Act | None]:
    walk = replace(walk, message=None)
    if key == "m":
        return replace(walk, more=not walk.more, offset=0), None
    if key in ("up", "down", "space"):
        return _moved(walk, -1 if key == "up" else 1), None
    if key == "c" and command(walk):
        return walk.to("copy"), "copy"
    if walk.screen == "plan" and key == "a" and walk.cannot_apply is None:
        return walk.to("apply"), "apply"
    if walk.screen == "end" and key == "r" and walk.changed:
        return walk.to("apply"), "undo"
    if walk.screen == "fixes" and key.isdecimal() and walk.diagnosis:
        number = int(key) - 1
        inside = 0 <= number < len(walk.diagnosis.fixes)
        return (
            replace(walk, fix=number) if inside else replace(walk, message=f"there is no fix {key}")
        ), None
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
    target = NEXT.get(walk.screen, "end")
    if target == "cause" and walk.diagnosis is None:
        target = "ruled out"
    if target == "fixes" and walk.diagnosis is None:
        target = "end"
    return walk.to(target), None


def _moved(walk: Walk, step: int) -> Walk:
    if walk.screen == "hops" and walk.path is not None:
        return replace(walk, hop=max(0, min(len(walk.path.hops) - 1, walk.hop + step)), more=False)
    return replace(walk, offset=max(0, walk.offset + step * 5))


def _type(walk: Walk, key: str) -> tuple[Walk, Act | None]:
    if key == "enter":
        return (
            (walk, "look") if walk.typed.strip() else (replace(walk, message="type an address first"), None)
        )
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
        return walk, "leave"
    return (walk.back(), None) if key in ("b", "escape") else (walk, None)


def command(walk: Walk) -> tuple[str, ...]:
    """The commands that `copy` gives on this screen: those of the plan, else the next ones."""
    if walk.screen in ("plan", "copy") and walk.chosen_fix is not None:
        from hairpin_doctor.report.terminal import as_command

        steps = walk.chosen_fix.steps
        return tuple(
            text
            for step in steps
            for text in (*step.commands, *([as_command(step.manifest)] if step.manifest else []))
        )
    steps_next = walk.report.next_steps if walk.report else ()
    return tuple(text for step in steps_next for text in step.commands)
