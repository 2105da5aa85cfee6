"""What the deciding code may not contain, found in its syntax tree.

Two nodes must come to the same bytes, whatever their clock, platform, hash seed or interpreter flags. The import
contracts see what a file imports; this looks at what it does.
"""

from __future__ import annotations

import ast

FORBIDDEN_IMPORTS = frozenset(
    "asyncio click concurrent ctypes datetime decimal fractions glob importlib inspect io json lmdb locale logging math"
    " multiprocessing os pathlib pickle platform queue random re secrets select shutil signal socket sqlite3"
    " statistics subprocess sys tempfile threading time unicodedata uuid warnings weakref zoneinfo".split()
)
FORBIDDEN_CALLS = {
    "hash": "hash() differs between runs",
    "id": "id() is an address in memory",
    "float": "a float rounds differently from whole numbers",
    "complex": "a complex number is made of floats",
    "round": "round() has no named direction",
    "open": "the deciding code reads no files",
    "print": "the deciding code talks to nobody",
    "input": "the deciding code asks nobody",
    "eval": "code is written, not computed",
    "exec": "code is written, not computed",
    "__import__": "imports stand where the contracts can see them",
}
SET_MAKERS = frozenset({"set", "frozenset"})
SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
SET_TYPES = frozenset({"set", "frozenset", "Set", "AbstractSet", "MutableSet", "FrozenSet"})
SET_OPERATORS = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)
ORDER_KEEPERS = frozenset({"list", "tuple", "enumerate", "iter", "zip", "map", "filter", "reversed", "dict", "bytes"})
ORDER_FREE = frozenset({"sorted", "len", "sum", "min", "max", "any", "all", "set", "frozenset"})


def impurities(source: str) -> list[tuple[int, str]]:
    """Give line and reason of everything in `source` that deciding code may not contain."""
    tree = ast.parse(source)
    search = _Search(_names_of_sets(tree))
    search.visit(tree)
    return sorted(search.found)


def _names_of_sets(tree: ast.AST) -> frozenset[str]:
    """Give the names of variables, arguments and attributes that hold sets somewhere in the file."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and _is_set_type(node.annotation):
            names.add(_last_name(node.target))
        elif isinstance(node, ast.arg) and node.annotation is not None and _is_set_type(node.annotation):
            names.add(node.arg)
        elif isinstance(node, ast.Assign) and _makes_set(node.value, frozenset()):
            names.update(_last_name(target) for target in node.targets)
    return frozenset(names - {""})


def _last_name(node: ast.expr) -> str:
    """Give the name of a variable, or of an attribute without its owner."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _is_set_type(annotation: ast.expr) -> bool:
    """Say whether a type is a set of something."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return _is_set_type(ast.parse(annotation.value, mode="eval").body)
    if isinstance(annotation, ast.Subscript):
        return _is_set_type(annotation.value)
    if isinstance(annotation, ast.BinOp):
        return _is_set_type(annotation.left) or _is_set_type(annotation.right)
    return _last_name(annotation) in SET_TYPES


def _makes_set(node: ast.expr, names: frozenset[str]) -> bool:
    """Say whether an expression gives a set, as far as one file can tell."""
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.Call):
        is_method = isinstance(node.func, ast.Attribute)
        return _last_name(node.func) in (SET_METHODS if is_method else SET_MAKERS)
    if isinstance(node, ast.BinOp) and isinstance(node.op, SET_OPERATORS):
        return _makes_set(node.left, names) or _makes_set(node.right, names)
    return _last_name(node) in names


class _Search(ast.NodeVisitor):
    """Walks a file once and collects what is forbidden."""

    def __init__(self, names_of_sets: frozenset[str]) -> None:
        """Begin with nothing found."""
        self.found: list[tuple[int, str]] = []
        self._sets = names_of_sets

    def _report(self, node: ast.expr | ast.stmt, reason: str) -> None:
        self.found.append((node.lineno, reason))

    def _walk_over(self, node: ast.expr) -> None:
        """Complain when something is taken one by one from a set that nobody sorted."""
        if _makes_set(node, self._sets):
            self._report(node, "a set is walked in an order that differs between runs; sort it first")

    def _check_import(self, node: ast.stmt, name: str) -> None:
        if name.partition(".")[0] in FORBIDDEN_IMPORTS:
            self._report(node, f"imports {name}")

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._check_import(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._check_import(node, node.module or "")

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, float | complex):
            self._report(node, f"the float {node.value}")

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Div):
            self._report(node, "`/` gives a float; divide with `//` and say where the rest goes")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.op, ast.Div):
            self._report(node, "`/=` gives a float; divide with `//` and say where the rest goes")
        self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        self._report(node, "an assertion vanishes under -O; use `ensure`")
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self._walk_over(node.iter)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        if isinstance(node.ctx, ast.Load):
            self._walk_over(node.value)
        self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._visit_comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._visit_comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._visit_comprehension(node)

    def _visit_comprehension(self, node: ast.ListComp | ast.DictComp | ast.GeneratorExp) -> None:
        for generator in node.generators:
            self._walk_over(generator.iter)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = _last_name(node.func)
        if isinstance(node.func, ast.Name):
            self._visit_function(node, name)
        elif isinstance(node.func, ast.Attribute):
            self._visit_method(node, node.func, name)
        if name in ORDER_FREE and len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp | ast.ListComp):
            # The order is lost again at once: sorted(…), sum(…) and the like give one answer for all orders.
            for part in (*ast.iter_child_nodes(node.args[0]), *node.keywords):
                self.visit(part)
            return
        self.generic_visit(node)

    def _visit_function(self, node: ast.Call, name: str) -> None:
        if name in FORBIDDEN_CALLS:
            self._report(node, f"calls {name}(): {FORBIDDEN_CALLS[name]}")
        if name in ORDER_KEEPERS:
            for argument in node.args:
                self._walk_over(argument)

    def _visit_method(self, node: ast.Call, function: ast.Attribute, name: str) -> None:
        if name in {"join", "fromkeys", "extend"}:
            for argument in node.args:
                self._walk_over(argument)
        if name == "pop" and not node.args:
            self._walk_over(function.value)
