"""What is broken: every small change to a piece of code that takes a guard away or bends it.

Conditions are held open and shut; a part of an `and`, an `or`, a `where(...)` or a set is left out; comparisons lose
their edge; locks, orders and limits are taken off a statement; states are mistaken for others; calls, early returns
and raises are left out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

ORDER: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
}
"""The same without its edge, and its opposite."""
OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
REVERSED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult,
}
LINKS = {"where", "with_for_update", "limit", "offset", "order_by", "prefix_with", "group_by"}
"""Calls that can be taken off a statement."""
CONJUNCTIONS = {"where", "or_", "and_", "case"}
ROW_CLAUSES = {"values", "with_for_update"}
"""Calls whose named arguments can each be left out."""
NEGATED = {"is_": "is_not", "is_not": "is_", "in_": "not_in", "not_in": "in_"}
SPANS = {"days", "hours", "minutes", "seconds", "milliseconds"}
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}

STATES = {
    "queued": "done",
    "sending": "queued",
    "done": "queued",
    "in_doubt": "done",
    "taken": "maybe_taken",
    "maybe_taken": "not_taken",
    "not_taken": "maybe_taken",
    "rejected": "not_taken",
    "stop": "not_taken",
    "sent": "refused",
    "refused": "sent",
    "later": "unknown",
    "unknown": "later",
    "key": "lookup",
    "lookup": "key",
    "active": "pending",
    "unsubscribed": "active",
}
"""Words of the code that stand for a state or an outcome, and for which other each is mistaken."""
MEMBERS = {
    "DeliveryState": ["QUEUED", "SENDING", "SENT", "REFUSED", "SKIPPED", "IN_DOUBT"],
    "IssueState": ["SENDING", "PAUSED", "CANCELLED", "SENT"],
    "Life": ["ALIVE", "DEAD", "UNKNOWN"],
    "News": ["DELIVERED", "SOFT_BOUNCED", "BOUNCED", "COMPLAINED"],
    "Reason": ["BOUNCED", "COMPLAINED", "MANUAL", "ERASED"],
}
"""Each is mistaken for the next."""
VERDICTS = {
    "NotTaken": "MaybeTaken",
    "MaybeTaken": "NotTaken",
    "Rejected": "NotTaken",
    "StopSending": "Rejected",
    "LinkInvalid": "ValueError",
    "LinkExpired": "LinkInvalid",
}
NO_LOCK = "__import__('contextlib').nullcontext()"


@dataclass(frozen=True, slots=True)
class Change:
    node: ast.AST
    text: str
    """What takes its place."""
    words: str = ""
    """The change for a person; empty: what was there, an arrow, and the text."""


def list_changes(node: ast.AST, above: Sequence[ast.AST], optional: set[tuple[str, str]]) -> Iterator[Change]:
    """Of this node itself. `above` are those it is in, outermost first; `optional` (function, argument) that has
    a default."""
    if any(isinstance(one, ast.Assign) and _is_number(one.value) for one in above):
        return  # a number with a name: see _measure
    parent = above[-1] if above else node
    for kind, make in _MAKERS:
        if isinstance(node, kind):
            yield from make(node, parent)
    if isinstance(node, ast.Call):
        yield from _call(node, parent, optional)
    if isinstance(node, ast.Assign) and not above[1:]:
        yield from _measure(node)
    if isinstance(node, ast.stmt):
        yield from _statement(node, above)


# --- conditions ------------------------------------------------------------------------------------------


def _in_brackets(node: ast.AST) -> str:
    plain = isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Constant)
    return ast.unparse(node) if plain else f"({ast.unparse(node)})"


def _is_left_out_anyway(node: ast.AST, parent: ast.AST) -> bool:
    """Where a condition is left out, or held open and shut, its opposite would tell nothing more."""
    if isinstance(parent, ast.If | ast.While | ast.IfExp):
        return parent.test is node
    if isinstance(parent, ast.Call):
        return called(parent) in CONJUNCTIONS
    return isinstance(parent, ast.BoolOp | ast.BinOp | ast.Tuple | ast.List)


def _condition(node: ast.If | ast.IfExp | ast.While, parent: ast.AST) -> Iterator[Change]:
    if isinstance(node.test, ast.Constant):
        return
    test = ast.unparse(node.test)
    yield Change(node.test, f"(({test}) and False)", f"if {test}: never")
    if not isinstance(node, ast.While):
        yield Change(node.test, f"(({test}) or True)", f"if {test}: always")


def _comprehension(node: ast.comprehension, parent: ast.AST) -> Iterator[Change]:
    for test in node.ifs:
        yield Change(test, "True", f"if {ast.unparse(test)}: always")


def _compare(node: ast.Compare, parent: ast.AST) -> Iterator[Change]:
    for place, operator in enumerate(node.ops):
        others = ORDER.get(type(operator)) or [OPPOSITE[type(operator)]]
        if _is_left_out_anyway(node, parent):
            others = others[:1] if type(operator) in ORDER else []
        for other in others:
            operators = [*node.ops[:place], other(), *node.ops[place + 1 :]]
            yield Change(node, _in_brackets(ast.Compare(node.left, operators, node.comparators)))


def _bool(node: ast.BoolOp, parent: ast.AST) -> Iterator[Change]:
    for place, one in enumerate(node.values):
        left = _without(node.values, place)
        rest = ast.BoolOp(node.op, left) if len(left) > 1 else left[0]
        yield Change(node, _in_brackets(rest), f"{ast.unparse(node)}, without {ast.unparse(one)}")


def _binary(node: ast.BinOp, parent: ast.AST) -> Iterator[Change]:
    if isinstance(node.op, ast.BitAnd | ast.BitOr):
        for left, right in ((node.left, node.right), (node.right, node.left)):
            yield Change(node, _in_brackets(left), f"{ast.unparse(node)}, without {ast.unparse(right)}")
    elif type(node.op) in REVERSED and not _is_text(node.left) and not _is_text(node.right):
        yield Change(node, _in_brackets(ast.BinOp(node.left, REVERSED[type(node.op)](), node.right)))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _unary(node: ast.UnaryOp, parent: ast.AST) -> Iterator[Change]:
    held = isinstance(node.op, ast.Not) and _is_left_out_anyway(node, parent)
    if isinstance(node.op, ast.Not | ast.Invert) and not held:
        yield Change(node, _in_brackets(node.operand))


# --- calls -----------------------------------------------------------------------------------------------


def called(node: ast.Call) -> str:
    """The name of the function or method."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _call(node: ast.Call, parent: ast.AST, optional: set[tuple[str, str]]) -> Iterator[Change]:
    name = called(node)
    if isinstance(node.func, ast.Attribute) and name in LINKS and len(node.args) < 2:
        what = ", ".join(map(ast.unparse, [*node.args, *node.keywords]))
        yield Change(node, ast.unparse(node.func.value), f"without {name}({what})")
    if name in CONJUNCTIONS and len(node.args) > 1:
        for place, one in enumerate(node.args):
            rest = ast.Call(node.func, _without(node.args, place), node.keywords)
            yield Change(node, ast.unparse(rest), f"{name}(…) without {ast.unparse(one)}")
    for place, one in enumerate(node.keywords):
        if name in ROW_CLAUSES or (name, one.arg) in optional:
            rest = ast.Call(node.func, node.args, _without(node.keywords, place))
            yield Change(node, ast.unparse(rest), f"{name}(…) without {ast.unparse(one)}")
    if name in SWAPPED or (name in NEGATED and not _is_left_out_anyway(node, parent)):
        rest = ast.Call(_renamed(node.func, (SWAPPED | NEGATED)[name]), node.args, node.keywords)
        yield Change(node, ast.unparse(rest))
    if name == "coalesce":
        yield Change(node, ast.unparse(node.args[0]))


def _renamed(node: ast.expr, name: str) -> ast.expr:
    return ast.Attribute(node.value, name) if isinstance(node, ast.Attribute) else ast.Name(name)


def _without(these: Sequence[Any], place: int) -> list[Any]:
    return [*these[:place], *these[place + 1 :]]


# --- values ----------------------------------------------------------------------------------------------


def _members(node: ast.Tuple | ast.List | ast.Set, parent: ast.AST) -> Iterator[Change]:
    """Only where it is a set of things, not a value of several parts."""
    if isinstance(node, ast.Tuple | ast.List) and not isinstance(node.ctx, ast.Load):
        return
    if isinstance(parent, ast.Return | ast.Subscript | ast.Dict | ast.Tuple | ast.List | ast.ListComp):
        return
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Tuple):
        return
    if isinstance(parent, ast.For) or (isinstance(parent, ast.Call) and called(parent) == "case"):
        return
    for place, one in enumerate(node.elts):
        rest = type(node)(elts=_without(node.elts, place), ctx=ast.Load())
        yield Change(
            node,
            ast.unparse(rest) if len(node.elts) > 1 or not isinstance(node, ast.Set) else "set()",
            f"{ast.unparse(node)} without {ast.unparse(one)}",
        )


def _constant(node: ast.Constant, parent: ast.AST) -> Iterator[Change]:
    value = node.value
    if isinstance(value, bool):
        yield Change(node, str(not value))
    elif isinstance(value, int | float):
        yield from _number(node, value, parent)
    elif isinstance(value, str) and value in STATES and not isinstance(parent, ast.Assign | ast.AnnAssign):
        yield Change(node, repr(STATES[value]))


def _number(node: ast.Constant, value: float, parent: ast.AST) -> Iterator[Change]:
    """What is compared, counted or returned is one off; a span of time is none, or endless: how long is free."""
    if isinstance(parent, ast.Compare | ast.BinOp | ast.Return):
        yield Change(node, str(value + 1))
    elif isinstance(parent, ast.keyword) and parent.arg in SPANS:
        yield Change(node, "0")
        yield Change(node, str(value * 1000))


def _measure(node: ast.Assign) -> Iterator[Change]:
    """A number with a name, on the module's level."""
    if _is_number(node.value):
        yield Change(node.value, "0")
        yield Change(node.value, f"({ast.unparse(node.value)}) * 1000")


def _is_number(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_number(node.left) and _is_number(node.right)
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _attribute(node: ast.Attribute, parent: ast.AST) -> Iterator[Change]:
    kind = node.value.id if isinstance(node.value, ast.Name) else ""
    members = MEMBERS.get(kind, [])
    if node.attr in members:
        yield Change(node, f"{kind}.{members[(members.index(node.attr) + 1) % len(members)]}")


def _name(node: ast.Name, parent: ast.AST) -> Iterator[Change]:
    if node.id in VERDICTS and not isinstance(parent, ast.ExceptHandler | ast.Tuple):
        yield Change(node, VERDICTS[node.id])


# --- statements ------------------------------------------------------------------------------------------


def _statement(node: ast.stmt, above: Sequence[ast.AST]) -> Iterator[Change]:
    inside = [one for one in above if isinstance(one, ast.FunctionDef)]
    calls = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    early = isinstance(node, ast.Return) and inside[-1].body[-1] is not node and not _ends_anyway(node, above)
    kept = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute)
    made = bool(inside) and inside[-1].name in ("__init__", "__post_init__")
    leaves = isinstance(node, ast.Raise | ast.Continue | ast.Break | ast.AugAssign)
    if calls or early or leaves or (kept and not made):
        yield Change(node, "pass", f"without {ast.unparse(node)}")


def _ends_anyway(node: ast.Return, above: Sequence[ast.AST]) -> bool:
    """It returns None, or what is as false as None, and nothing would follow it."""
    if node.value is not None and not (
        isinstance(node.value, ast.Constant) and node.value.value in (None, False)
    ):
        return False
    child: ast.AST = node
    for one in reversed(above):
        blocks = [getattr(one, name, []) for name in ("body", "orelse", "finalbody", "handlers")]
        if isinstance(one, ast.For | ast.While) or not any(block and block[-1] is child for block in blocks):
            return False
        if isinstance(one, ast.FunctionDef):
            return True
        child = one
    return False


def _with(node: ast.With, parent: ast.AST) -> Iterator[Change]:
    for item in node.items:
        if item.optional_vars is None:
            yield Change(item.context_expr, NO_LOCK, f"without {ast.unparse(item)}")


def _handler(node: ast.ExceptHandler, parent: ast.AST) -> Iterator[Change]:
    if node.type is not None and not isinstance(node.type, ast.Tuple):
        yield Change(node.type, "()", f"without except {ast.unparse(node.type)}")


_MAKERS: list[tuple[Any, Callable[[Any, ast.AST], Iterator[Change]]]] = [
    ((ast.If, ast.IfExp, ast.While), _condition),
    (ast.comprehension, _comprehension),
    (ast.Compare, _compare),
    (ast.BoolOp, _bool),
    (ast.BinOp, _binary),
    (ast.UnaryOp, _unary),
    ((ast.Tuple, ast.List, ast.Set), _members),
    (ast.Constant, _constant),
    (ast.Attribute, _attribute),
    (ast.Name, _name),
    (ast.With, _with),
    (ast.ExceptHandler, _handler),
]
