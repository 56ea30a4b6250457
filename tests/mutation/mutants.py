"""What small mistakes could somebody make in a source file?

Each mutant is one of them: an operator, a number, a term, an index, two swapped arguments, a condition, a statement. What only declares
(labels, sources, ranges of parameters) is data, not a rule, and is left alone; so are texts, messages of refusals and annotations.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
}  # fmt: skip
_REPLACED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitXor: ast.BitOr,
}  # fmt: skip
_PAIRS = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "exp": "log", "log": "exp", "any": "all", "all": "any"}
#: Calls that declare: their texts and numbers are data. Of a Field the type, kind, width and first value are mutated.
_DECLARES = ("parameter", "Source", "judgement", "switch", "stream", "Output")
#: Calls whose single argument is only turned into another type.
_CASTS = ("int", "float", "bool", "str", "tuple", "list", "dict", "set")


class Mutant(NamedTuple):
    """One change to a file: bytes ``start`` to ``end`` of it become ``new``. ``inside`` is the function, "" for the module itself."""

    file: str
    line: int
    #: Where in its line of text it begins, spaces before the text left out.
    column: int
    #: The line of text in which it stands, as it is.
    text: str
    inside: str
    start: int
    end: int
    old: str
    new: str
    is_compiled: bool
    in_function: bool

    @property
    def change(self) -> str:
        """The change in words of one line."""
        return f"{' '.join(self.old.split())} -> {' '.join(self.new.split())}"

    @property
    def key(self) -> tuple[str, str, str]:
        """File, line of text and change with its place in the line: what stays when lines above come or go."""
        return self.file, self.text, f"{self.change} @{self.column}"

    def applied(self, source: bytes) -> bytes:
        """The file's text with this mistake in it."""
        return source[: self.start] + self.new.encode() + source[self.end :]


def mutants_of(file: str, source: bytes) -> list[Mutant]:
    """All mutants of a file that still parse and differ from each other, in the order of the text."""
    starts, lines = [0], source.decode().splitlines()
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found: dict[tuple[int, int, str], Mutant] = {}
    usual = ast.dump(ast.parse(source))
    for node, new, inside, is_compiled, in_function in _Walk(ast.parse(source)).changes():
        start, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        old = source[start:end].decode()
        line = lines[node.lineno - 1]
        one = Mutant(
            file,
            node.lineno,
            node.col_offset - len(line) + len(line.lstrip()),
            line.strip(),
            inside,
            start,
            end,
            old,
            new,
            is_compiled,
            in_function,
        )
        try:
            same = ast.dump(ast.parse(one.applied(source))) == usual
        except SyntaxError:
            continue
        if not same:
            found.setdefault((start, end, new), one)
    return [found[key] for key in sorted(found)]


class _Walk:
    """Goes through a module and says what may be put in place of each node."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._in_function = False
        # of the function that is walked through
        self._assigned: list[str] = []
        self._subscripts: list[ast.Subscript] = []
        self._attributes: list[ast.Attribute] = []

    def changes(self) -> Iterator[tuple[ast.AST, str, str, bool, bool]]:
        for node in self._tree.body:
            yield from self._node(node, "", False)

    def _node(self, node: ast.AST, inside: str, is_compiled: bool) -> Iterator[tuple[ast.AST, str, str, bool, bool]]:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Raise | ast.Assert | ast.arguments | ast.JoinedStr):
            return
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = f"{inside}.{node.name}" if inside else node.name
            if isinstance(node, ast.FunctionDef):
                is_compiled = is_compiled or any(isinstance(d, ast.Name) and d.id == "compiled" for d in node.decorator_list)
                self._assigned = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
                self._subscripts = [n for n in ast.walk(node) if isinstance(n, ast.Subscript)]
                self._attributes = [n for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)]
            if self._in_function:
                name = inside  # a function inside another is part of that one's code
            outer, self._in_function = self._in_function, self._in_function or isinstance(node, ast.FunctionDef)
            for child in node.body:
                yield from self._node(child, name, is_compiled)
            self._in_function = outer
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _DECLARES:
            return
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "Literal":
            return  # a type
        if inside or isinstance(node, ast.Call | ast.Tuple | ast.Constant):
            for new in self._instead(node, inside):
                yield node, new, inside, is_compiled, self._in_function
        if inside and isinstance(node, ast.If | ast.While | ast.IfExp) and not isinstance(node.test, ast.Compare):
            yield node.test, f"(not {_text(node.test)})", inside, is_compiled, self._in_function
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "slice") and isinstance(node, ast.AnnAssign):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self._node(child, inside, is_compiled)

    def _instead(self, node: ast.AST, inside: str) -> Iterator[str]:
        """Texts in place of a node."""
        if isinstance(node, ast.stmt):
            yield from _statement(node, self._assigned)
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
            yield from _number(node.value, inside)
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            for other in _COMPARED[type(node.ops[0])]:
                yield _text(ast.Compare(node.left, [other()], node.comparators))
        elif isinstance(node, ast.Compare):
            for k in range(len(node.ops)):
                for other in _COMPARED[type(node.ops[k])]:
                    yield _text(ast.Compare(node.left, [*node.ops[:k], other(), *node.ops[k + 1 :]], node.comparators))
        elif isinstance(node, ast.BinOp):
            if type(node.op) in _REPLACED:
                yield _text(ast.BinOp(node.left, _REPLACED[type(node.op)](), node.right))
            yield _text(node.left)
            if not isinstance(node.op, ast.Sub | ast.Div):
                yield _text(node.right)
        elif isinstance(node, ast.BoolOp):
            yield _text(ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values))
            for k in range(len(node.values)):
                rest = node.values[:k] + node.values[k + 1 :]
                yield _text(rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest))
        elif isinstance(node, ast.UnaryOp):
            yield _text(node.operand)
        elif isinstance(node, ast.IfExp):
            yield _text(node.body)
            yield _text(node.orelse)
        elif isinstance(node, ast.Call):
            yield from self._call(node)
        elif isinstance(node, ast.Tuple) and not inside and all(isinstance(e, ast.Constant) for e in node.elts):
            yield from _swapped(node)
        elif isinstance(node, ast.Subscript):
            yield from self._index(node)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("p", "q"):
            others = sorted({n.attr for n in self._attributes if n.value.id == node.value.id} - {node.attr})  # type: ignore[attr-defined]
            yield from (f"{node.value.id}.{other}" for other in others[:1])

    def _call(self, node: ast.Call) -> Iterator[str]:
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in _CASTS:
            return
        if name == "Field":  # of a frame; another library's may have fewer arguments
            if len(node.args) < 5:
                return
            for at, other in ((3, {"float64": "float32"}), (4, {"fixed": "state", "state": "month", "month": "fixed"})):
                new = other.get(node.args[at].value, "float64")  # type: ignore[attr-defined]
                yield _text(ast.Call(node.func, [*node.args[:at], ast.Constant(new), *node.args[at + 1 :]], node.keywords))
            return
        if name in _PAIRS:
            func = ast.Name(_PAIRS[name]) if isinstance(node.func, ast.Name) else ast.Attribute(node.func.value, _PAIRS[name])  # type: ignore[union-attr]
            yield _text(ast.Call(func, node.args, node.keywords))
        if name in ("min", "max", "minimum", "maximum") and len(node.args) == 2:
            yield from map(_text, node.args)
        elif len(node.args) == 1 and not node.keywords and name in ("exp", "log", "abs", "sqrt"):
            yield _text(node.args[0])
        elif name not in ("min", "max", "minimum", "maximum", "range", "isinstance", "zip", "fields", "rule"):
            for k in range(len(node.args) - 1):
                if not {ast.unparse(a) for a in node.args[k : k + 2]} & {"p", "q"}:
                    yield _text(ast.Call(node.func, [*node.args[:k], node.args[k + 1], node.args[k], *node.args[k + 2 :]], node.keywords))

    def _index(self, node: ast.Subscript) -> Iterator[str]:
        """Another index: what stands at the same position of another array, the two indices swapped, another column's name."""
        parts = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        for k, part in enumerate(parts):
            others: set[str] = set()
            for other in self._subscripts:
                theirs = list(other.slice.elts) if isinstance(other.slice, ast.Tuple) else [other.slice]
                if len(theirs) == len(parts) and type(theirs[k]) is type(part) and isinstance(part, ast.Name | ast.Constant):
                    if isinstance(part, ast.Constant) and not isinstance(part.value, str):
                        continue  # numbers are mutated as such
                    others.add(ast.unparse(theirs[k]))
            for text in sorted(others - {ast.unparse(part)})[:1]:
                index = ", ".join(text if j == k else ast.unparse(p) for j, p in enumerate(parts))
                yield f"{ast.unparse(node.value)}[{index}]"


def _text(node: ast.expr) -> str:
    return f"({ast.unparse(ast.fix_missing_locations(node))})"


def _number(value: float, inside: str) -> Iterator[str]:
    if isinstance(value, bool):
        yield repr(not value)
    elif isinstance(value, int):
        yield repr(value + 1)
        if inside:
            yield f"({value - 1})"
    elif value == 0.0:
        yield "1.0"
    else:
        yield f"({value * 1.1!r})"
        yield f"({value * 0.9!r})"


def _statement(node: ast.stmt, assigned: list[str]) -> Iterator[str]:
    if isinstance(node, ast.Assign):
        names = [t.id for t in node.targets if isinstance(t, ast.Name)]
        # without its first assignment a name is unknown, which is no small mistake
        if len(names) < len(node.targets) or all(assigned.count(name) > 1 for name in names):
            yield "pass"
    elif isinstance(node, ast.Continue | ast.Break) or (isinstance(node, ast.Return | ast.Expr) and node.value is not None):
        yield "pass"
    elif isinstance(node, ast.AugAssign):
        yield "pass"
        yield f"{ast.unparse(node.target)} = {ast.unparse(node.value)}"
        if isinstance(node.op, ast.Add | ast.Sub):
            sign = "-" if isinstance(node.op, ast.Add) else "+"
            yield f"{ast.unparse(node.target)} {sign}= {ast.unparse(node.value)}"


def _swapped(node: ast.Tuple) -> Iterator[str]:
    """The tuple with each two neighbours swapped; of columns by name those whose names end alike, which no check of names tells apart."""
    for k in range(len(node.elts) - 1):
        ends = [str(e.value).split(".") for e in node.elts[k : k + 2] if isinstance(e, ast.Constant)]
        if max(map(len, ends)) > 1 and ends[0][-1] != ends[1][-1]:
            continue
        elements = [*node.elts[:k], node.elts[k + 1], node.elts[k], *node.elts[k + 2 :]]
        yield f"({', '.join(map(ast.unparse, elements))})"
