"""Formulas cut into what is known before the loop over children and what is left for it.

A formula that differs from child to child is cut at its largest parts that do not: a part that only
varies with the row of the trace becomes a number per row, one that only varies with attributes a number
per child, one that varies with a single clock (and the row) a table looked up in the loop. What remains
is arithmetic on those. All parts are evaluated by the NumPy rendering, for many draws at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nbsmodel.engine.check import MOST
from nbsmodel.engine.micro_names import ARM, CHILD, COUNT, ROW, NameAxes
from nbsmodel.formula.source import WITHIN
from nbsmodel.formula.tree import Binary, Call, Choose, Name, Node, Number, Unary

#: Tables by clock and row have about the square of this many entries.
MOST_ROWS_OF_A_TABLE = 500

#: Quick in a loop: a table would not be quicker.
ARITHMETIC = frozenset(("min", "max", "clip", "abs", "floor", "ceil"))

BEFORE, AFTER, ENDING = "before", "after", "ending"


@dataclass(frozen=True)
class TableLeaf:
    """A part that varies with one clock.

    Parameters
    ----------
    node : Node
    clock : str
    by_row : bool
        It varies with the row as well, or the clock's steps do.
    ending : bool
        The calendar is that of the row before: a payoff counted with the end of its cycle.
    """

    node: Node
    clock: str
    by_row: bool
    ending: bool


@dataclass
class Leaves:
    """All parts of all formulas of a cohort, each once.

    Parameters
    ----------
    rows : list of Node
        A number per row.
    children : list of Node
        A number per child.
    tables : list of TableLeaf
    """

    rows: list[Node] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    tables: list[TableLeaf] = field(default_factory=list)


class Cutter:
    """Cuts formulas of one cohort.

    Parameters
    ----------
    axes : NameAxes
    equal : bool
        Whether all cycles have one length.
    rows : int
        Cycles of the cohort.
    """

    def __init__(self, axes: NameAxes, equal: bool, rows: int) -> None:
        self.axes, self.equal, self.rows = axes, equal, rows
        self.leaves = Leaves()
        self._known: dict[tuple[Node, str], Node] = {}

    def cut(self, node: Node, moment: str) -> Node:
        """A formula with its parts replaced by names.

        Parameters
        ----------
        node : Node
        moment : str
            ``before`` the move of a cycle, ``after`` it, or ``ending``: after it, with the calendar of
            the row before.

        Returns
        -------
        Node
            Its names are ``row_i`` (a number per row), ``child_j``, ``table_k``, ``count_name`` and
            ``years_clock``; ``i``, ``j``, ``k`` are positions in `leaves`.
        """
        key = (node, moment)
        if key not in self._known:
            self._known[key] = self._cut(node, moment)
        return self._known[key]

    def row(self, node: Node) -> Node:
        """The name of a number per row."""
        return Name(f"row_{_position(self.leaves.rows, node)}")

    def _cut(self, node: Node, moment: str) -> Node:
        if isinstance(node, Number):
            return node
        varies = self.axes.of(node) - {ARM}
        if varies <= {ROW}:
            return self.row(node)
        if varies == {CHILD}:
            return Name(f"child_{_position(self.leaves.children, node)}")
        clocks = varies - {ROW, CHILD, COUNT}
        table = self._table(node, varies, clocks, moment)
        if table is not None:
            return table
        return self._name(node, moment) if isinstance(node, Name) else self._below(node, moment)

    def _name(self, node: Name, moment: str) -> Node:
        if node.id in self.axes.derived:
            return self._held(node.id, self.cut(self.axes.derived[node.id], moment))
        if self.axes.of_name(node.id) == {COUNT}:
            return Name(f"count_{node.id}")
        return Name(f"years_{node.id}")

    def _held(self, name: str, cut: Node) -> Node:
        """A derived value is held to the range of its unit, as where it is worked out beforehand."""
        if name not in self.axes.held:
            return cut
        low, high = (Number(max(-MOST, min(MOST, end))) for end in self.axes.held[name])
        return Call(WITHIN, (cut, low, high))

    def _table(self, node: Node, varies: frozenset[str], clocks: frozenset[str], moment: str) -> Node | None:
        """A table for a part with a function in it that varies with one clock, where it pays."""
        if len(clocks) != 1 or varies & {CHILD, COUNT} or not self._slow(node):
            return None
        by_row = ROW in varies or not self.equal
        if by_row and self.rows > MOST_ROWS_OF_A_TABLE:
            return None
        if by_row and self.equal and _quick(node):  # its parts may do with shorter tables
            return None
        leaf = TableLeaf(node, next(iter(clocks)), by_row, by_row and moment == ENDING)
        return Name(f"table_{_position(self.leaves.tables, leaf)}")

    def _below(self, node: Node, moment: str) -> Node:
        match node:
            case Unary(op, operand):
                return Unary(op, self.cut(operand, moment))
            case Binary(op, left, right):
                return Binary(op, self.cut(left, moment), self.cut(right, moment))
            case Choose(condition, yes, no):
                return Choose(self.cut(condition, moment), self.cut(yes, moment), self.cut(no, moment))
            case Call(function, args, column):
                return Call(function, tuple(self.cut(a, moment) for a in args), column)
        raise AssertionError(node)

    def _slow(self, node: Node) -> bool:
        """Whether a formula, with the derived values it uses, holds more than arithmetic."""
        match node:
            case Number():
                return False
            case Name(name):
                known = name in self.axes.derived and self.axes.by_lane(node)
                return known and self._slow(self.axes.derived[name])
            case Call(args=args):
                return not _quick(node) or any(map(self._slow, args))
            case Unary(operand=operand):
                return self._slow(operand)
            case Binary(left=left, right=right):
                return not _quick(node) or self._slow(left) or self._slow(right)
            case Choose(condition=condition, yes=yes, no=no):
                return any(map(self._slow, (condition, yes, no)))
        raise AssertionError(node)


def _quick(node: Node) -> bool:
    """Whether the outermost operation of a formula is arithmetic."""
    match node:
        case Call(function=function):
            return function in ARITHMETIC
        case Binary(op=op):
            return op not in ("**", "//", "%")
    return True


def _position(items: list, item: object) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)
