"""Which names exist, where each may be used, and what each varies over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from keyword import iskeyword

from nbsmodel.errors import Problems
from nbsmodel.formula.check import (
    CALENDAR,
    NONE,
    TIME_IN_STATE,
    Axes,
    axes_of_definitions,
    choice_problems,
    problems_of,
)
from nbsmodel.formula.functions import FUNCTIONS
from nbsmodel.formula.order import CircularDefinition, dependency_order, needed_by
from nbsmodel.formula.parse import FormulaError, parse
from nbsmodel.formula.tree import Node, depth, names
from nbsmodel.model.parts import Formula
from nbsmodel.model.prices import Prices
from nbsmodel.model.schema import CohortSchema

DRAW: Axes = frozenset(("draw",))
STRATEGY: Axes = frozenset(("strategy",))
CYCLE: Axes = frozenset(("cycle",))
CLOCK: Axes = frozenset(("clock",))
# what a leaf hands over may differ by draw and strategy
HANDED_OVER: Axes = DRAW | STRATEGY
# every draw has its own children; each has the same attributes in every arm, but not the same course
INDIVIDUAL: Axes = DRAW | frozenset(("individual",))
COUNT: Axes = INDIVIDUAL | STRATEGY | CYCLE

#: How deep derived values may build on one another: operations within operations, plus some for each value.
MAX_STEPS = 500
STEPS_OF_A_VALUE = 4

#: Perspective of payoffs that name none.
HEALTH_SYSTEM = "health_system"

RESERVED = frozenset((*CALENDAR, TIME_IN_STATE, "rest", "alive", "any", "draw", "alternative"))


@dataclass
class Scope:
    """Names that may be used at a place, and what else a cohort would offer there.

    Parameters
    ----------
    names : dict of str to Axes
    what : str
        The place in words, for messages.
    refuses : dict of str to str
        Kinds of names that may not be used here unless they stand in `names`, and what to do instead.
    """

    names: dict[str, Axes]
    what: str
    refuses: dict[str, str] = field(default_factory=dict)


class NameBook:
    """All names of a model; parses formulas and checks the names they use.

    Parameters
    ----------
    problems : Problems
        Receives every mistake.
    """

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.base: dict[str, Axes] = {}  # parameters, levers, choices and options
        self.kinds: dict[str, str] = {}  # what each name is, to report clashes
        self.places: dict[str, str] = {}
        self.attributes: dict[str, Axes] = {}  # in the order in which they are drawn
        self.columns: dict[str, frozenset[str]] = {}
        self.derived: dict[str, Node] = {}
        self.derived_axes: dict[str, Axes] = {}
        self.cohort_offers: frozenset[str] = frozenset()
        self.perspectives: tuple[str, ...] = (HEALTH_SYSTEM,)
        self.choices: dict[str, tuple[str, ...]] = {}
        self.prices = Prices()
        self.used: set[str] = set()  # every name that stands in some formula

    def declare(self, name: str, kind: str, place: str, axes: Axes | None = None) -> None:
        """Note a name; two meanings for one name are refused."""
        if name in RESERVED or name in FUNCTIONS or iskeyword(name):
            self.problems.add(place, f"the name {name} is reserved.", "Choose another.")
            return
        if name in self.kinds:
            both = f"{name} is {_one(kind)} here and {_one(self.kinds[name])} at {self.places[name]}."
            self.problems.add(place, both, "Rename one of them.")
            return
        self.kinds[name] = kind
        self.places[name] = place
        if axes is not None:
            self.base[name] = axes

    def parse(self, text: str | float, place: str) -> Formula | None:
        """Parse a formula and uprate its prices; None after a mistake, which is reported with its place."""
        if text == "rest":
            self.problems.add(place, "`rest` cannot stand here.", "Write a number or a formula.")
            return None
        try:
            formula = Formula(parse(text), place)
        except FormulaError as error:
            self.problems.add(place, f"{error}.")
            return None
        for found, fix in choice_problems(formula.node, self.choices):
            self.problems.add(place, f"{found}.", fix)
        self.used |= names(formula.node)
        return replace(formula, node=self.prices.uprate(formula.node))

    def define(self, definitions: Mapping[str, Formula], cohort_names: Mapping[str, Axes]) -> list[str]:
        """Take in the derived values and return their dependency order.

        Parameters
        ----------
        definitions : mapping of str to Formula
        cohort_names : mapping of str to Axes
            Names that some cohort offers, attributes among them; derived values may use them.
        """
        self.cohort_offers = frozenset(cohort_names)
        known = {**self.base, **cohort_names, **dict.fromkeys(definitions, NONE)}
        for formula in definitions.values():
            for found, fix in problems_of(formula.node, known, self.columns):
                self.problems.add(formula.place, f"{found}.", fix)
        self.derived = {name: formula.node for name, formula in definitions.items()}
        try:
            order = dependency_order(self.derived)
        except CircularDefinition as error:
            place = definitions[error.loop[0]].place
            self.problems.add(place, f"derived values need each other: {error}.", "Break the circle.")
            order = list(definitions)
        else:
            self._check_depth(order, definitions)
        self.derived = {name: self.derived[name] for name in order}
        self.derived_axes = axes_of_definitions(self.derived, {**self.base, **cohort_names})
        return order

    def _check_depth(self, order: list[str], definitions: Mapping[str, Formula]) -> None:
        """Values are worked out one inside the other; refuse what would exhaust the stack."""
        steps: dict[str, int] = {}
        for name in order:
            node = self.derived[name]
            below = max((steps[n] for n in names(node) if n in steps), default=0)
            steps[name] = below + depth(node) + STEPS_OF_A_VALUE
            if steps[name] > MAX_STEPS:
                found = f"{name} stands on a chain of derived values that is too long."
                self.problems.add(definitions[name].place, found, "Join some of them.")
                return

    def check(self, formula: Formula | None, scope: Scope) -> Axes:
        """Check the names of a formula at its place and return the axes it varies over."""
        if formula is None:
            return NONE
        refused = {n for n, kind in self.kinds.items() if kind in scope.refuses and n not in scope.names}
        known = {**self.base, **scope.names, **self.derived_axes}
        known = {name: axes for name, axes in known.items() if name not in refused}
        used = names(formula.node)
        elsewhere = (used & (self.cohort_offers | refused)) - set(known)
        for name in sorted(elsewhere):
            fix = scope.refuses.get(self.kinds.get(name, ""), "It belongs to a cohort.")
            self.problems.add(formula.place, f"{scope.what} does not have {name}.", fix)
        for found, fix in problems_of(formula.node, {*known, *elsewhere}, self.columns):
            self.problems.add(formula.place, f"{found}.", fix)
        for derived in sorted(needed_by(used, self.derived)):
            missing = sorted(names(self.derived[derived]) - set(known))
            if missing and not self._unknown_anyway(missing):
                found = f"{derived} needs {', '.join(missing)}, which {scope.what} does not have."
                fixes = [scope.refuses[kind] for name in missing if (kind := self.kinds.get(name)) in scope.refuses]
                self.problems.add(formula.place, found, (*fixes, "Use it only in a cohort that offers it.")[0])
        axes = NONE
        for name in used:
            axes |= known.get(name, NONE)
        return axes

    def _unknown_anyway(self, missing: list[str]) -> bool:
        """Names that exist nowhere were reported at the derived value itself."""
        return not any(name in self.cohort_offers or name in self.base for name in missing)

    def cohort_scope(self, label: str, cohort: CohortSchema) -> Scope:
        """Names that the formulas of a cohort may use beside those of the model."""
        offered = dict.fromkeys(CALENDAR, CYCLE)
        offered |= dict.fromkeys((TIME_IN_STATE, *cohort.clocks), CLOCK)
        offered |= dict.fromkeys(cohort.receives, HANDED_OVER)
        offered |= dict.fromkeys(cohort.counts, COUNT)
        return Scope(offered | self.attributes, label)


def _one(kind: str) -> str:
    return f"an {kind}" if kind.startswith("a") else f"a {kind}"
