"""The vocabulary of a model once its formulas are parsed and its names are checked.

Everything here is plain, frozen data: what the engines, the analyses and the report read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from nbsmodel.formula.check import Axes
from nbsmodel.formula.text import as_text
from nbsmodel.formula.tree import Node
from nbsmodel.model.distribution_univariate import Distribution
from nbsmodel.model.parameters import Parameter, ParameterTable
from nbsmodel.model.prices import Prices
from nbsmodel.model.programme import Programme
from nbsmodel.model.tables import Table

COST, QALY, LIFE_YEARS = "cost", "qaly", "life_years"


@dataclass(frozen=True)
class Formula:
    """A parsed formula and where it stands."""

    node: Node
    place: str

    @property
    def text(self) -> str:
        """The formula written out again."""
        return as_text(self.node)


@dataclass(frozen=True)
class Strategy:
    """A strategy: the levers by which it differs."""

    name: str
    label: str
    levers: dict[str, float]


@dataclass(frozen=True)
class Choice:
    """A structural choice and its options; the first is the base case."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Derived:
    """A derived value: its formula, unit, and the axes it varies over."""

    name: str
    formula: Formula
    unit: str
    note: str
    axes: Axes


@dataclass(frozen=True)
class Attribute:
    """An attribute of a simulated child, drawn once.

    Parameters
    ----------
    name, label : str
    place : str
        File and line.
    values : tuple of (value, Formula or None)
        Probability by value, None standing for the rest; empty for a distribution.
    distribution : str
        As written; empty for a list of values.
    arguments : dict of str to Formula
        Arguments of the distribution that are formulas, by their text; empty when all are numbers.
    fixed : Distribution or None
        The distribution, when all its arguments are numbers.
    """

    name: str
    label: str
    place: str
    values: tuple[tuple[float, Formula | None], ...]
    distribution: str
    arguments: dict[str, Formula]
    fixed: Distribution | None


@dataclass(frozen=True)
class Outcome:
    """An outcome: what is counted, in which unit, discounted as costs, as outcomes or not."""

    name: str
    label: str
    unit: str
    discounted_as: str


@dataclass(frozen=True, order=True)
class Account:
    """Where a payoff is booked."""

    outcome: str
    component: str
    perspective: str


@dataclass(frozen=True)
class BranchPayoff:
    """A payoff on a branch of the tree, ``at`` years after its start."""

    account: Account
    value: Formula
    at: Formula


@dataclass(frozen=True)
class Entry:
    """How a leaf enters a cohort; ``mix`` maps states to shares, None standing for the rest."""

    cohort: str
    mix: dict[str, Formula | None]
    delay: Formula
    hands_over: dict[str, Formula]
    place: str

    @property
    def key(self) -> tuple[Any, ...]:
        """Leaves with equal keys can share one run of the cohort."""
        return (self.cohort, self.delay.node, tuple(sorted((k, f.node) for k, f in self.hands_over.items())))


@dataclass(frozen=True)
class Branch:
    """A branch of a chance node; ``p`` None stands for the rest."""

    name: str
    label: str
    p: Formula | None
    place: str
    class_: str | None
    case: bool
    payoffs: tuple[BranchPayoff, ...]
    branches: tuple[Branch, ...]
    entry: Entry | None


@dataclass(frozen=True)
class State:
    """A state of a cohort."""

    name: str
    label: str
    dead: bool


@dataclass(frozen=True)
class Transition:
    """A transition out of a state.

    ``kind`` is ``hazard``, ``probability`` or ``tunnel`` (the formula says when everyone left moves on);
    ``formula`` None stands for the rest; ``per`` is the time unit in years that the value is for, None
    for a cycle.
    """

    to: str
    kind: str
    formula: Formula | None
    per: Fraction | None


@dataclass(frozen=True)
class StatePayoff:
    """A payoff for being in a state; ``per`` in years, None for a cycle."""

    account: Account
    state: str
    value: Formula
    per: Fraction | None


@dataclass(frozen=True)
class StartPayoff:
    """A payoff for starting in a state."""

    account: Account
    state: str
    value: Formula


@dataclass(frozen=True)
class MovePayoff:
    """A payoff for a transition."""

    account: Account
    origin: str
    target: str
    value: Formula


@dataclass(frozen=True)
class Clock:
    """A clock: years since entry to a set of states."""

    name: str
    runs_in: tuple[str, ...]


@dataclass(frozen=True)
class Count:
    """A count of events: of starting in some states and of some moves (origin, target)."""

    name: str
    starting: frozenset[str]
    moves: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Stretch:
    """Equal cycles: their length in years and their number."""

    length: Fraction
    count: int


@dataclass(frozen=True)
class Cohort:
    """A state-transition model."""

    name: str
    label: str
    place: str
    start_age: Formula
    stretches: tuple[Stretch, ...]
    states: tuple[State, ...]
    receives: tuple[str, ...]
    clocks: tuple[Clock, ...]
    transitions: dict[str, tuple[Transition, ...]]
    state_payoffs: tuple[StatePayoff, ...]
    start_payoffs: tuple[StartPayoff, ...]
    move_payoffs: tuple[MovePayoff, ...]
    counts: tuple[Count, ...] = ()

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the states in the order of the file."""
        return tuple(s.name for s in self.states)


@dataclass(frozen=True)
class Source:
    """An entry of ``sources.yaml``."""

    key: str
    citation: str
    url: str
    note: str


@dataclass(frozen=True)
class Model:
    """A model folder, loaded and checked.

    Parameters
    ----------
    folder : Path
    about : dict of str to str
        Title, condition, decision problem, population, perspective, currency, price year (of the results), basis.
    strategies : tuple of Strategy
    comparator : str
    choices : dict of str to Choice
    option_codes : dict of str to float
        The number that an option's name stands for in a formula.
    parameters : ParameterTable
    tables : dict of str to Table
    derived : dict of str to Derived
        In dependency order.
    outcomes : dict of str to Outcome
        With cost, QALYs and life-years first.
    tree : tuple of Branch
        Branches of the root.
    cohorts : dict of str to Cohort
    perspectives : tuple of str
        Whose costs and effects payoffs can be, the health system first.
    births : Formula or None
        Births a year.
    settings : dict
        The settings of the model file, unchecked.
    settings_places : dict of str to str
        Where each setting stands.
    sources : dict of str to Source
    files : tuple of Path
        Every file that was read, for the manifest.
    attributes : dict of str to Attribute
        Of each simulated child, in the order in which they are drawn.
    programme : Programme or None
        The screening programme that the tree was expanded from, where the file declares one.
    prices : Prices
        Price years, and what prices are multiplied by where formulas use them.
    used : frozenset of str
        Every name that stands in some formula.
    """

    folder: Path
    about: dict[str, str]
    strategies: tuple[Strategy, ...]
    comparator: str
    choices: dict[str, Choice]
    option_codes: dict[str, float]
    parameters: ParameterTable
    tables: dict[str, Table]
    derived: dict[str, Derived]
    outcomes: dict[str, Outcome]
    tree: tuple[Branch, ...]
    cohorts: dict[str, Cohort]
    perspectives: tuple[str, ...]
    births: Formula | None
    settings: dict[str, Any]
    settings_places: dict[str, str]
    sources: dict[str, Source]
    files: tuple[Path, ...] = field(default=())
    attributes: dict[str, Attribute] = field(default_factory=dict)
    programme: Programme | None = None
    prices: Prices = field(default_factory=Prices)
    used: frozenset[str] = frozenset()

    @property
    def parameters_in_use(self) -> list[Parameter]:
        """Rows that some formula uses, and those drawn together with them."""
        together = [set(g.members) for g in self.parameters.groups if self.used & set(g.members)]
        names = self.used.union(*together)
        return [row for name, row in self.parameters.rows.items() if name in names]

    @property
    def strategy_names(self) -> tuple[str, ...]:
        """Names of the strategies in the order of the file."""
        return tuple(s.name for s in self.strategies)

    @property
    def name(self) -> str:
        """Condition folder and model folder, as in ``condition/model``."""
        return f"{self.folder.parent.name}/{self.folder.name}"


def paths(tree: tuple[Branch, ...], above: tuple[Branch, ...] = ()) -> Iterator[tuple[Branch, ...]]:
    """Every path from the root of a tree to a leaf."""
    for branch in tree:
        path = (*above, branch)
        if branch.branches:
            yield from paths(branch.branches, path)
        else:
            yield path
