"""Write nftables JSON expressions as text, near to how nft itself writes them; for people, never parsed again."""

from __future__ import annotations

from typing import Any

LONGEST = 240
_INFIX = {"&", "|", "^", "<<", ">>"}
_SILENT = {"counter"}


def rule_text(expressions: Any) -> str:
    """One rule on one line, without counters, at most 240 characters."""
    parts = [statement_text(e) for e in expressions if isinstance(e, dict) and not _SILENT & e.keys()]
    text = " ".join(parts)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def statement_text(statement: Any) -> str:
    """One statement, e.g. `ip daddr 192.0.2.1`, `jump NAME`, `dnat to 10.0.0.1:80`."""
    if not isinstance(statement, dict) or not statement:
        return str(statement)
    name, body = next(iter(statement.items()))
    match name:
        case "match":
            operator = "" if body["op"] in ("==", "in") else f"{body['op']} "
            return f"{expression_text(body['left'])} {operator}{expression_text(body['right'])}"
        case "jump" | "goto":
            return f"{name} {body['target']}"
        case "vmap":
            return f"{expression_text(body['key'])} vmap {expression_text(body['data'])}"
        case "dnat" | "snat" | "redirect" | "masquerade":
            return _translation(name, body)
        case "mangle":
            return f"{expression_text(body['key'])} set {expression_text(body['value'])}"
        case "reject":
            return " ".join(["reject", *(str(v) for v in (body or {}).values())])
        case "xt":
            return f"xt {body.get('type', '')} {body.get('name', '')}"
        case "log":
            return f'log prefix "{body["prefix"]}"' if isinstance(body, dict) and "prefix" in body else "log"
    return str(name)


def _translation(name: str, body: Any) -> str:
    if not isinstance(body, dict) or not {"addr", "port"} & body.keys():
        return name
    address = expression_text(body["addr"]) if "addr" in body else ""
    return f"{name} to {address}" + (f":{expression_text(body['port'])}" if "port" in body else "")


def expression_text(expression: Any) -> str:
    """One expression: `ip daddr`, `meta mark & 0x4000`, `10.0.0.0/8`, `{ 80, 443 }`."""
    if isinstance(expression, list):
        return ",".join(expression_text(item) for item in expression)
    if not isinstance(expression, dict) or not expression:
        return str(expression)
    name, body = next(iter(expression.items()))
    if name in _INFIX:
        return f" {name} ".join(
            hex(part) if isinstance(part, int) else expression_text(part) for part in body
        )
    match name:
        case "payload":
            return f"{body.get('protocol', '')} {body.get('field', '')}".strip()
        case "meta":
            return (
                body["key"] if body["key"] in ("iifname", "oifname", "iif", "oif") else f"meta {body['key']}"
            )
        case "ct" | "rt" | "socket":
            return f"{name} {body.get('key', '')}".strip()
        case "prefix":
            return f"{body['addr']}/{body['len']}"
        case "range":
            return "-".join(expression_text(end) for end in body)
        case "concat":
            return " . ".join(expression_text(part) for part in body)
        case "set":
            return (
                "{ "
                + ", ".join(_member(item) for item in (body if isinstance(body, list) else [body]))
                + " }"
            )
        case "elem":
            return expression_text(body["val"])
        case "map":
            return f"{expression_text(body['key'])} map {expression_text(body['data'])}"
        case "fib":
            flags = body.get("flags", [])
            return f"fib {' . '.join([flags] if isinstance(flags, str) else flags)} {body.get('result', '')}"
        case "numgen":
            return f"numgen {body.get('mode', '')} mod {body.get('mod', '')}"
    return str(name)


def _member(item: Any) -> str:
    if isinstance(item, list) and len(item) == 2:
        return f"{expression_text(item[0])} : {statement_text(item[1])}"
    return expression_text(item)
