"""What every name of a cohort varies over, seen from one simulated child in one cycle.

========== ==============================================================================
``draw``     parameters; every formula may vary over it, so it is not noted
``arm``      levers, and numbers that a leaf hands over
``row``      the calendar: age, time, cycle, and dt when cycles differ in length
``child``    attributes, and numbers handed over that use them
``count``    event counts
a clock      ``time_in_state`` or a declared clock, by its own name
========== ==============================================================================
"""

from __future__ import annotations

from collections.abc import Collection

from nbsmodel.engine.timegrid import TimeGrid
from nbsmodel.engine.values import held_between
from nbsmodel.formula.check import CALENDAR, TIME_IN_STATE
from nbsmodel.formula.tree import Node, names
from nbsmodel.model.parts import Cohort, Entry, Model

ARM, ROW, CHILD, COUNT = "arm", "row", "child", "count"
NONE: frozenset[str] = frozenset()


class NameAxes:
    """Axes of the names that formulas of a cohort may use.

    Parameters
    ----------
    model : Model
    cohort : Cohort
    grid : TimeGrid
    entries : collection of Entry
        Every way in which the tree enters the cohort.
    replaced : collection of str
        Derived values that an override replaces by a number.
    """

    def __init__(
        self, model: Model, cohort: Cohort, grid: TimeGrid, entries: Collection[Entry], replaced: Collection[str]
    ) -> None:
        self.derived = {n: d.formula.node for n, d in model.derived.items() if n not in replaced}
        self.held = {n: held_between(d) for n, d in model.derived.items() if d.unit != "number"}
        self.clocks = (TIME_IN_STATE, *(c.name for c in cohort.clocks))
        self.known: dict[str, frozenset[str]] = {name: frozenset((name,)) for name in self.clocks}
        self.known |= {name: frozenset((ROW,)) for name in CALENDAR}
        if grid.equal:
            self.known["dt"] = NONE
        # the calendar differs by the way in where delays do
        if len({e.delay.node for e in entries}) > 1 or any(names(e.delay.node) for e in entries):
            self.known |= {name: frozenset((ROW, ARM)) for name in ("age", "time")}
        if names(cohort.start_age.node):
            self.known["age"] = frozenset((ROW, ARM))
        self.known |= dict.fromkeys(model.attributes, frozenset((CHILD,)))
        self.known |= {count.name: frozenset((COUNT,)) for count in cohort.counts}
        self.known |= {lever: frozenset((ARM,)) for lever in model.strategies[0].levers}
        for name in cohort.receives:
            given = [e.hands_over[name].node for e in entries if name in e.hands_over]
            self.known[name] = frozenset((ARM,)).union(*(self.of(node) for node in given))

    def of_name(self, name: str) -> frozenset[str]:
        """Axes of a name."""
        if name not in self.known:
            self.known[name] = self.of(self.derived[name]) if name in self.derived else NONE
        return self.known[name]

    def of(self, node: Node) -> frozenset[str]:
        """Axes of a formula: the union over the names it uses."""
        return NONE.union(*(self.of_name(name) for name in names(node)))

    def by_lane(self, node: Node) -> bool:
        """Whether a formula has to be known child by child."""
        return bool(self.of(node) - {ARM, ROW})

    @property
    def dynamic(self) -> tuple[str, ...]:
        """Every name that may differ between two children in one state and cycle."""
        return tuple(name for name in self.known if self.known[name] - {ARM, ROW})
