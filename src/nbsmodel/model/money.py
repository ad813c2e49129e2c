"""Currencies: what a formula is in, and that every cost of a model is in the model's own.

The currency of a formula is a product of powers, as physical units are: pounds are ``{"GBP": 1}``, an exchange rate
with the unit ``GBP per EUR`` is ``{"GBP": 1, "EUR": -1}``, and euros times it are pounds. Whatever has no currency in
its unit (numbers, levers, attributes, tables, functions) is a pure number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from nbsmodel.errors import Problems
from nbsmodel.formula.text import as_text
from nbsmodel.formula.tree import Binary, Call, Choose, Name, Node, Number, Unary, children
from nbsmodel.model.parts import COST, Branch, BranchPayoff, Formula, Model, MovePayoff, StartPayoff, StatePayoff, paths
from nbsmodel.model.units import CURRENCIES, currencies

Powers = dict[str, int]
Payoff = BranchPayoff | StatePayoff | StartPayoff | MovePayoff

MIXED = "Bring them to one currency: multiply by an exchange rate, a parameter with a unit such as `GBP per EUR`."
_COMPARED = ("==", "!=", "<", "<=", ">", ">=")
#: Functions whose value is in the currency of their first argument.
_KEEP = ("abs", "floor", "ceil", "round")


def money_unit(model: Model, node: Node) -> str:
    """Currency of a formula that is an amount of money, such as ``GBP``.

    Parameters
    ----------
    model : Model
    node : Node
        Of parameters and derived values; what these are derived from is looked into.

    Returns
    -------
    str
        Empty for what is no amount of money, and for what cannot be told: sums of different currencies, products of
        amounts.
    """
    found = Currencies(model).of(node)
    return next(iter(found)) if found and list(found.values()) == [1] else ""


def check_currencies(model: Model, place: Callable[..., str]) -> None:
    """Refuse costs in another currency than the model's, and formulas that mix currencies.

    Parameters
    ----------
    model : Model
    place : callable
        From a key of ``model.yaml`` to its place.

    Raises
    ------
    InputError
        With every problem found.
    """
    problems = Problems()
    known = Currencies(model)
    own = model.about["currency"]
    for name, derived in model.derived.items():
        found = known.of(derived.formula.node, derived.formula.place, problems)
        said = currencies(derived.unit)
        if said and found and said != found:
            where = place("derived", name, "unit")
            problems.add(where, f"{name} is in {_text(found)}, not in {_text(said)}.", _fix(found, said))
    costs = [
        (payoff.account.component, payoff.value, known.of(payoff.value.node, payoff.value.place, problems))
        for payoff in payoffs(model)
        if payoff.account.outcome == COST
    ]
    for component, formula, found in costs if own in CURRENCIES else []:
        if not found or found == {own: 1}:
            continue
        others = [
            (f.place, c) for of, f, c in costs if of == component and c and c != found and f.place != formula.place
        ]
        beside = f"; of its component, {others[0][0]} is in {_text(others[0][1])}" if others else ""
        words = f"this cost is in {_text(found)}, the model in {own}: {formula.text}{beside}."
        problems.add(formula.place, words, _fix(found, {own: 1}))
    problems.raise_if_any()


def payoffs(model: Model) -> Iterator[Payoff]:
    """Every payoff of a model, of the tree and of the cohorts."""
    for branch in _branches(model.tree):
        yield from branch.payoffs
    for cohort in model.cohorts.values():
        yield from cohort.state_payoffs
        yield from cohort.start_payoffs
        yield from cohort.move_payoffs


def _branches(tree: tuple[Branch, ...]) -> Iterator[Branch]:
    for branch in tree:
        yield branch
        yield from _branches(branch.branches)


class Currencies:
    """Currencies of the formulas of a model.

    Parameters
    ----------
    model : Model
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._known: dict[str, Powers | None] = {}

    def of(self, node: Node, place: str = "", problems: Problems | None = None) -> Powers | None:
        """Powers of currencies in a formula.

        Parameters
        ----------
        node : Node
        place : str
            Where the formula stands.
        problems : Problems, optional
            Receives sums, choices and comparisons of different currencies in this formula.

        Returns
        -------
        dict of str to int, or None where it cannot be told
        """
        clashes: list[str] = []
        found = self._of(node, clashes)
        if problems is not None:
            for clash in clashes:
                problems.add(place, f"{clash}.", MIXED)
        return found

    def _of(self, node: Node, clashes: list[str]) -> Powers | None:
        match node:
            case Name(id=name):
                return self._of_name(name)
            case Unary(op=op, operand=operand):
                found = self._of(operand, clashes)
                return found if op == "-" else {}
            case Binary(op="+" | "-" | "%"):
                return self._common(children(node), node, clashes)
            case Binary(op="*" | "/" | "//" as op, left=left, right=right):
                return _product(self._of(left, clashes), self._of(right, clashes), 1 if op == "*" else -1)
            case Binary(op=op) if op in _COMPARED:
                self._common(children(node), node, clashes)
                return {}
            case Binary(op="**", left=left, right=right):
                base, power = self._of(left, clashes), self._of(right, clashes)
                return {} if base == {} and power is not None else None
            case Choose(condition=condition, yes=yes, no=no):
                self._of(condition, clashes)
                return self._common((yes, no), node, clashes)
            case Call(function="min" | "max" | "clip", args=args):
                return self._common(args, node, clashes)
            case Call(function=function, args=args):
                each = [self._of(arg, clashes) for arg in args]
                return each[0] if function in _KEEP else {}
        for child in children(node):
            self._of(child, clashes)
        return {}

    def _common(self, nodes: tuple[Node, ...], whole: Node, clashes: list[str]) -> Powers | None:
        """The currency that all share; a number written as such has that of the others."""
        each = [(node, self._of(node, clashes)) for node in nodes]
        money = [(node, powers) for node, powers in each if powers]
        for node, powers in money[1:]:
            if powers != money[0][1]:
                first, other = as_text(money[0][0]), as_text(node)
                clashes.append(f"{first} is in {_text(money[0][1])} and {other} in {_text(powers)}: {as_text(whole)}")
                return None
        if any(powers is None for _, powers in each):
            return None
        if money and any(not powers and not _is_number(node) for node, powers in each):
            return None
        return money[0][1] if money else {}

    def _of_name(self, name: str) -> Powers | None:
        row = self.model.parameters.rows.get(name)
        if row is not None:
            return currencies(row.unit)
        if name not in self._known:
            self._known[name] = self._of_other(name)
        return self._known[name]

    def _of_other(self, name: str) -> Powers | None:
        derived = self.model.derived.get(name)
        if derived is not None:
            return currencies(derived.unit) or self._of(derived.formula.node, [])
        handed = [self._of(formula.node, []) for formula in self._handed_over.get(name, [])]
        return handed[0] if handed and all(powers == handed[0] for powers in handed) else None if handed else {}

    @cached_property
    def _handed_over(self) -> dict[str, list[Formula]]:
        """What leaves hand over to cohorts, by the name received."""
        found: dict[str, list[Formula]] = {}
        for path in paths(self.model.tree):
            entry = path[-1].entry
            for name, formula in {} if entry is None else entry.hands_over.items():
                found.setdefault(name, []).append(formula)
        return found


def _product(left: Powers | None, right: Powers | None, sign: int) -> Powers | None:
    if left is None or right is None:
        return None
    found = {code: left.get(code, 0) + sign * right.get(code, 0) for code in [*left, *right]}
    return {code: power for code, power in found.items() if power}


def _is_number(node: Node) -> bool:
    return isinstance(node, Number) or (isinstance(node, Unary) and isinstance(node.operand, Number))


def _text(powers: Powers) -> str:
    """Powers as a unit, such as ``GBP per EUR``."""
    above = [code for code, power in powers.items() for _ in range(power)]
    below = [code for code, power in powers.items() for _ in range(-power)]
    return " x ".join(above or ["1"]) + "".join(f" per {code}" for code in below)


def _fix(found: Powers, wanted: Powers) -> str:
    """How to get from one currency to another."""
    if list(found.values()) == [1] and list(wanted.values()) == [1]:
        unit = f"{next(iter(wanted))} per {next(iter(found))}"
        return f"Multiply by an exchange rate, a parameter with the unit `{unit}`."
    return "Check the units of the parameters in it."
