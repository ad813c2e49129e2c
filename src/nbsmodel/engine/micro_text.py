"""Pieces of generated source: states chosen, formulas written, tables looked up, lane by lane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from nbsmodel.engine.micro_plan import WalkPlan
from nbsmodel.formula.source import TableSource, as_source, identifiers, is_light
from nbsmodel.formula.tree import Binary, Call, Choose, Name, Node, Number, Unary, children, walk
from nbsmodel.model.tables import Table

#: One lane after the other; every loop has the same fixed length.
EACH = "for l in range(LANES):"


class Columns:
    """Names of the numbers that a row holds, in the order of their first use."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}

    def __call__(self, name: str, row: str) -> str:
        """The number as an expression, at row ``t`` or ``t + 1``."""
        position = self.names.setdefault(name, len(self.names))
        return f"{'p' if row == 't' else 'q'}{position}"

    def load(self, text: Sequence[str], place: str) -> list[str]:
        """Lines that bring the numbers a text uses into local variables; `place` is the row of ``p``."""
        words = words_of("\n".join(text))
        lines = [f"p{i} = {place}[t, {i}]  # {name}" for name, i in self.names.items() if f"p{i}" in words]
        lines += [f"q{i} = {place}[t + 1, {i}]  # {name}" for name, i in self.names.items() if f"q{i}" in words]
        return lines


class LaneText:
    """Writes expressions and short loops over lanes.

    Parameters
    ----------
    plan : WalkPlan
    tables : mapping of str to Table
        Tables of the model, for look-ups that depend on the child.
    """

    def __init__(self, plan: WalkPlan, tables: Mapping[str, Table]) -> None:
        self.plan = plan
        self.number = {name: i for i, name in enumerate(plan.cohort.state_names)}
        self.columns = Columns()
        self.uses: set[str] = set()
        self.tables = _table_sources(tables)
        self.table_starts = table_starts(plan)

    def inside(self, variable: str, states: Iterable[str]) -> str:
        """Whether a state variable holds one of some states."""
        wanted = [self.number[s] for s in self.plan.cohort.state_names if s in set(states)]
        return "(" + " | ".join(f"({variable} == {i})" for i in wanted) + ")" if wanted else "(l < 0)"

    def choose(self, variable: str, values: Mapping[str, str], otherwise: str) -> str:
        """One of several expressions, by the state that a variable holds."""
        by_value: dict[str, list[str]] = {}
        for state, value in values.items():
            by_value.setdefault(value, []).append(state)
        text = otherwise
        for value, states in reversed(by_value.items()):
            text = f"({value} if {self.inside(variable, states)} else {text})"
        return text

    def edge(self, edge: tuple[str, str]) -> str:
        """Whether a move from ``s`` to ``n`` is this one."""
        return f"((s == {self.number[edge[0]]}) & (n == {self.number[edge[1]]}))"

    def expression(self, node: Node, row: str) -> str:
        """A cut formula as an expression over lane ``l``."""
        names: dict[str, str] = {}
        for n in walk(node):
            if isinstance(n, Name):
                kind, _, rest = n.id.partition("_")
                if kind == "row":
                    names[n.id] = self.columns(n.id, row)
                elif kind == "part":
                    names[n.id] = n.id
                elif kind == "years" and self.plan.grid.multiples:
                    names[n.id] = f"(c_{rest}[l] * cycle_length)"
                else:
                    array = {"child": f"x{rest}", "count": f"n_{rest}", "table": f"g{rest}", "years": f"y_{rest}"}[kind]
                    names[n.id] = f"{array}[l]"
        self.uses |= identifiers(node)
        return as_source(node, names, self.tables)

    def assignments(self, values: Mapping[str, Node], row: str) -> list[str]:
        """Formulas worked out for one lane; what stands in them more than once is worked out once."""
        parts = _repeated(list(values.values()))
        short: dict[Node, Node] = {part: Name(f"part_{i}") for i, part in enumerate(parts)}
        lines = [f"part_{i} = {self.expression(_below(part, short), row)}" for i, part in enumerate(parts)]
        return [*lines, *(f"{target} = {self.expression(_with(node, short), row)}" for target, node in values.items())]

    def table_base(self, k: int, clock_row: str) -> str:
        """Position of a table's entries for a row."""
        by_row = self.plan.leaves.tables[k].by_row
        return f"{self.table_starts[k]}" + (f" + ({clock_row}) * (cycles + 1)" if by_row else "")

    def prepare(self, nodes: Sequence[Node], clock_row: str) -> list[str]:
        """Table values, and clocks in years where cycles differ, that formulas need at this moment."""
        found = {n.id for node in nodes for n in walk(node) if isinstance(n, Name)}
        lines: list[str] = []
        for clock in self.plan.clocks:
            if f"years_{clock}" in found and not self.plan.grid.multiples:
                years = f"times[{clock_row}] - times[{clock_row} - c_{clock}[l]]"
                if self.plan.grid.equal:
                    years = f"times[np.uint64(c_{clock}[l])]"
                lines += [EACH, f"    y_{clock}[l] = {years}"]
        for k, leaf in enumerate(self.plan.leaves.tables):
            if f"table_{k}" in found:
                # unsigned, and in a loop of its own: a look-up keeps a loop from becoming vector instructions
                lines += [f"base = np.uint64({self.table_base(k, clock_row)})", EACH]
                lines.append(f"    g{k}[l] = T_[base + np.uint64(c_{leaf.clock}[l])]")
        return lines

    def occupied(self, states: Iterable[str], lines: Sequence[str]) -> list[str]:
        """Lines that are left out while none of the lanes is in one of some states."""
        numbers = sorted({self.number[s] for s in states})
        if len(self.number) - 1 in numbers:  # those in the last state are not counted
            return list(lines)
        return [f"if {' + '.join(f'k_{i}' for i in numbers)} > 0:", *indented(lines, 1)]

    def lane_values(self, values: Mapping[str, Node], row: str, states: Sequence[str]) -> list[str]:
        """Formulas worked out for those in some states; for all lanes where that is quicker."""
        lines = self.assignments({f"{target}[l]": node for target, node in values.items()}, row)
        if all(map(is_light, values.values())):
            return [EACH, *indented(lines, 1)]
        return [EACH, f"    if {self.inside('s_[l]', states)}:", *indented(lines, 2)]


def indented(lines: Iterable[str], depth: int) -> list[str]:
    """Lines at a depth of indentation."""
    return ["    " * depth + line for line in lines]


def _repeated(nodes: Sequence[Node]) -> list[Node]:
    """Parts that stand more than once in some formulas, those without other such parts first."""
    uses: Counter[Node] = Counter()
    order: dict[Node, None] = {}

    def visit(node: Node) -> None:
        uses[node] += 1
        if uses[node] == 1:
            for child in children(node):
                visit(child)
            order[node] = None

    for node in nodes:
        visit(node)
    return [n for n in order if uses[n] > 1 and not isinstance(n, Name | Number)]


def _with(node: Node, short: Mapping[Node, Node]) -> Node:
    """A formula with parts of it replaced."""
    return short[node] if node in short else _below(node, short)


def _below(node: Node, short: Mapping[Node, Node]) -> Node:
    """A formula with parts of it replaced, itself excepted."""
    match node:
        case Unary(op, operand):
            return Unary(op, _with(operand, short))
        case Binary(op, left, right):
            return Binary(op, _with(left, short), _with(right, short))
        case Choose(condition, yes, no):
            return Choose(_with(condition, short), _with(yes, short), _with(no, short))
        case Call(function, args, column):
            return Call(function, tuple(_with(a, short) for a in args), column)
    return node


def words_of(text: str) -> set[str]:
    """All words of a text."""
    return set("".join(ch if ch.isalnum() or ch == "_" else " " for ch in text).split())


def table_starts(plan: WalkPlan) -> list[int]:
    """Position of each table in the row of all tables; the end of the last one comes last."""
    starts = [0]
    for leaf in plan.leaves.tables:
        starts.append(starts[-1] + (plan.grid.n + 1) ** (2 if leaf.by_row else 1))
    return starts


def _table_sources(tables: Mapping[str, Table]) -> dict[str, TableSource]:
    """Where each table of the model stands in one long array: its keys, then its columns."""
    found, at = {}, 0
    for name, table in tables.items():
        n = len(table.keys)
        columns = {c: f"W[{at + (i + 1) * n}:{at + (i + 2) * n}]" for i, c in enumerate(table.columns)}
        found[name] = TableSource(f"W[{at}:{at + n}]", columns, table.linear, table.hold_last, table.exact)
        at += n * (1 + len(table.columns))
    return found
