"""Designs of a study: what a config says of them, checked and worked out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.config.analyses_voi import DataSchema, EvsiSchema
from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import Problems, nearest
from nbsmodel.formula.array import evaluate_array
from nbsmodel.formula.check import problems_of
from nbsmodel.formula.parse import FormulaError, parse
from nbsmodel.formula.text import as_text
from nbsmodel.formula.tree import Binary, Node, Number, Unary
from nbsmodel.formula.tree import names as names_of

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.analysis.evsi import Design
    from nbsmodel.analysis.study_data import Size

#: More designs than this are refused: the best is chosen by eye, and each takes a moment.
MOST_DESIGNS = 200
#: Data of more than this many observations are no better known, but take long to simulate.
MOST_OBSERVATIONS = 1e9
#: Keys of a design that are no numbers of it.
NAME, YEARS = "name", "years"
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class LeftOut:
    """A design that cannot be carried out: the condition that fails, and the same with numbers for its sides."""

    name: str
    years: float
    numbers: Mapping[str, float]
    condition: str
    found: str


def read_designs(
    scenario: Scenario, asked: EvsiSchema, place: str, problems: Problems
) -> tuple[list[Design], list[LeftOut]]:
    """Every design that a config describes, lists expanded to all combinations.

    Parameters
    ----------
    scenario : Scenario
    asked : EvsiSchema
    place : str
        Of the block, for messages.
    problems : Problems
        Receives what is wrong.

    Returns
    -------
    tuple of list of Design and list of LeftOut
        Those without a mistake that can be carried out, and those that cannot (once for each condition).
    """
    before = len(problems.items)
    reader = _Reader(scenario, asked, place, problems)
    found = list(reader.designs())
    if not found and len(problems.items) == before:
        first = reader.left_out[0]
        text = f"no design can be carried out; in {first.name}, {first.condition} is {first.found}."
        problems.add(f"{place}.feasible", text, "Add designs for which it holds, or change the condition.")
    doubles = {d.name for d in found if sum(d.name == e.name for e in found) > 1}
    for name in sorted(doubles):
        problems.add(f"{place}.designs", f"two designs are named {name}.", "Give each a `name` of its own.")
    return found, reader.left_out


def left_out_table(left_out: Sequence[LeftOut]) -> pd.DataFrame:
    """Designs left out: ``design, years``, their numbers, ``condition`` and ``found`` (it with numbers)."""
    import pandas as pd

    rows = [
        {"design": d.name, "years": d.years, **d.numbers, "condition": d.condition, "found": d.found} for d in left_out
    ]
    numbers = list(dict.fromkeys(key for d in left_out for key in d.numbers))
    return pd.DataFrame(rows, columns=["design", "years", *numbers, "condition", "found"])


def taken_names() -> list[str]:
    """Columns of the tables of designs, which no number of a design may be named as."""
    from nbsmodel.analysis.evsi import COLUMNS

    return ["threshold", "design", *COLUMNS, "condition", "found"]


class _Reader:
    def __init__(self, scenario: Scenario, asked: EvsiSchema, place: str, problems: Problems) -> None:
        self.scenario, self.asked, self.place, self.problems = scenario, asked, place, problems
        rows = scenario.model.parameters.rows
        self.values = {name: scenario.overrides.get(name, row.value) for name, row in rows.items()}
        self.births = births_a_year(scenario)
        self.left_out: list[LeftOut] = []
        self.horizon = float(scenario.analyses.population.horizon)

    def designs(self) -> Iterator[Design]:
        many = [(i, block, self._axes(i, block)) for i, block in enumerate(self.asked.designs, 1)]
        count = sum(math.prod(len(values) for values in axes.values()) for _, _, axes in many if axes is not None)
        if count > MOST_DESIGNS:
            found = f"the lists expand to {count} designs; at most {MOST_DESIGNS} are compared."
            self.problems.add(f"{self.place}.designs", found, "Shorten the lists.")
            return
        for i, block, axes in many:
            if axes is None:
                continue
            combinations = list(product(*axes.values()))
            name = str(block.get(NAME, "study" if len(many) == 1 else f"study_{i}"))
            for number, values in enumerate(combinations, 1):
                own = name if len(combinations) == 1 else f"{name}_{number}"
                design = self._design(own, dict(zip(axes, values, strict=True)), f"{self.place}.designs[{i}]")
                if design is not None:
                    yield design

    def _axes(self, i: int, block: Mapping[str, Any]) -> dict[str, list[Any]] | None:
        """What the design is described by, each with the values it takes."""
        from nbsmodel.analysis.evsi import NO_STUDY

        where, before = f"{self.place}.designs[{i}]", len(self.problems.items)
        if not isinstance(block.get(NAME, ""), str):
            self.problems.add(f"{where}.name", f"found {block[NAME]!r}.", "A name is text.")
        if block.get(NAME) == NO_STUDY:
            self.problems.add(f"{where}.name", f"`{NO_STUDY}` is what designs are set against.", "Choose another name.")
        if YEARS not in block:
            fix = "Say after how many years the study reports, for example `years: 2`."
            self.problems.add(where, "the key years is missing.", fix)
        axes: dict[str, list[Any]] = {}
        for key, value in block.items():
            if key == NAME:
                continue
            if key in self.values:
                found = f"{key} is the name of a parameter, so formulas could not tell the two apart."
                self.problems.add(f"{where}.{key}", found, "Choose another name for the number of the design.")
            if key in taken_names():
                found = f"{key} is the name of a column of the table of designs."
                taken = f"Choose another name; these are taken: {', '.join(taken_names())}."
                self.problems.add(f"{where}.{key}", found, taken)
            axes[key] = value if isinstance(value, list) else [value]
            if not axes[key]:
                self.problems.add(f"{where}.{key}", "the list is empty.", "Write at least one number.")
            for entry in axes[key]:
                if key != YEARS and not _is_size(entry):
                    self.problems.add(f"{where}.{key}", f"found {entry!r}.", "A number above 0 is needed.")
        return axes if len(self.problems.items) == before else None

    def _design(self, name: str, given: dict[str, Any], place: str) -> Design | None:
        from nbsmodel.analysis.evsi import Design

        before = len(self.problems.items)
        numbers = {key: float(value) for key, value in given.items() if key != YEARS}
        known = self.values | numbers
        years = self._value(given[YEARS], known, f"{place}.years")
        if not years > 0:
            self._refuse(f"{place}.years", name, years, "A study takes longer than 0 years.")
        elif years >= self.horizon and self.births is not None:
            found = f"{name} reports after {_years(years)}, when the horizon of {_years(self.horizon)} is over."
            fix = "Set `population: {horizon: ...}` to a longer time, or make the study shorter."
            self.problems.add(f"{place}.years", found, fix)
        known |= {YEARS: years}
        if len(self.problems.items) == before and not self._feasible(name, years, numbers, known):
            return None
        sizes = {key: self._size(key, data, known, name) for key, data in self.asked.data.items()}
        study = self._study(name, years, known) if len(self.problems.items) == before else None
        return None if study is None else Design(name, numbers, sizes, study)

    def _feasible(self, name: str, years: float, numbers: dict[str, float], known: Mapping[str, float]) -> bool:
        """Whether the design can be carried out; also true where a condition is refused."""
        before = len(self.left_out)
        for i, condition in enumerate(self.asked.feasible, 1):
            place = f"{self.place}.feasible[{i}]"
            value = self._value(condition, known, place)
            if any(p.place == place for p in self.problems.items):
                continue
            node = self.scenario.model.prices.uprate(parse(condition))
            if not _is_condition(node):
                fix = "Write one that holds for designs that can be made, as in `children <= 0.0001 * births`."
                self.problems.add(place, f"{as_text(node)} is no comparison.", fix)
            elif math.isnan(value):
                self.problems.add(place, f"{as_text(node)} has no value in {name}.", "Does it divide by 0?")
            elif not value:
                self.left_out.append(LeftOut(name, years, numbers, as_text(node), as_text(_with_numbers(node, known))))
        return len(self.left_out) == before

    def _size(self, key: str, data: DataSchema, known: Mapping[str, float], name: str) -> Size:
        from nbsmodel.analysis.study_data import Size

        place = f"{self.place}.data.{key}"
        word = "over" if data.over is not None else "of"
        amount = self._value(data.size, known, f"{place}.{word}")
        if word == "of" and math.isfinite(amount):
            amount = float(round(amount))
        least = "At least one observation is needed." if word == "of" else "It must be above 0."
        if not 0 < amount <= MOST_OBSERVATIONS:
            fix = f"At most {MOST_OBSERVATIONS:g} are simulated." if 0 < amount < math.inf else least
            self._refuse(f"{place}.{word}", name, amount, fix)
        sd = 0.0
        if data.sd is not None:
            sd = self._value(data.sd, known, f"{place}.sd")
            if not 0 < sd < math.inf:
                self._refuse(f"{place}.sd", name, sd, "A standard deviation is above 0.")
        return Size(amount, sd)

    def _study(self, name: str, years: float, known: Mapping[str, float]) -> Any:
        from nbsmodel.analysis.net_benefit_of_sampling import Study
        from nbsmodel.analysis.population import effective_population

        before, model = len(self.problems.items), self.scenario.model
        cost = math.nan
        if self.asked.cost is not None:
            cost = self._value(self.asked.cost, known, f"{self.place}.cost")
            if not cost >= 0:
                self._refuse(f"{self.place}.cost", name, cost, "A cost is at least 0.")
        if self.asked.enrols is not None and self.births is not None:
            place = f"{self.place}.enrols"
            births = self._value(self.asked.enrols, known, place)
            if not 0 <= births <= self.births * years * (1 + 1e-9):
                most = f"{self.births * years:,.0f}"
                found = f"{name} takes {births:,.0f} births in {_years(years)}, but only {most} are born."
                self.problems.add(place, found, "Give the study more years, or fewer births.")
        shares = {}
        for strategy, formula in self.asked.meanwhile.items():
            place = f"{self.place}.meanwhile.{strategy}"
            if strategy not in model.strategy_names:
                self.problems.add(place, "no such strategy.", nearest(strategy, model.strategy_names))
                continue
            shares[strategy] = self._value(formula, known, place)
            if not 0 <= shares[strategy] <= 1:
                self._refuse(place, name, shares[strategy], "A share lies between 0 and 1.")
        if sum(shares.values()) > 1 + 1e-9:
            found = f"the shares add up to {sum(shares.values()):g} in {name}."
            self.problems.add(f"{self.place}.meanwhile", found, "They must not be above 1 together.")
        if len(self.problems.items) > before:
            return None
        if self.births is None:
            return Study(years, math.nan, math.nan, cost, shares)
        population = self.scenario.analyses.population
        rate = population.discount_rate
        schedule = self.scenario.settings.schedule("costs") if rate is None else rate
        during = effective_population(1.0, years, schedule)
        return Study(years, during, effective_population(1.0, self.horizon, schedule, years), cost, shares)

    def _value(self, formula: Any, known: Mapping[str, float], place: str) -> float:
        """Value of a formula; NaN once its mistake is noted."""
        try:
            node = parse(formula)
        except FormulaError as error:
            self.problems.add(place, f"found {formula!r}: {error}.", "Write a number or a formula.")
            return math.nan
        mistakes = problems_of(node, known, {})
        for found, fix in mistakes:
            unknown = sorted(names_of(node) - set(known))
            if unknown and unknown[0] in found:
                found = f"no number of the design and no parameter is named {unknown[0]}"
                fix = nearest(unknown[0], known)
            self.problems.add(place, f"{found}.", fix)
        prices = self.scenario.model.prices
        return math.nan if mistakes else float(evaluate_array(prices.uprate(node), known, {}))

    def _refuse(self, place: str, design: str, value: float, fix: str) -> None:
        if any(p.place == place for p in self.problems.items):  # its formula was refused already
            return
        if not math.isfinite(value):
            self.problems.add(place, f"it is not a finite number in {design}.", f"Does it divide by 0? {fix}")
            return
        shown = f"{value:g}"
        self.problems.add(place, f"it is {shown} in {design}.", fix)


def _is_condition(node: Node) -> bool:
    match node:
        case Binary("and" | "or", left, right):
            return _is_condition(left) and _is_condition(right)
        case Unary("not", operand):
            return _is_condition(operand)
    return isinstance(node, Binary) and node.op in COMPARISONS


def _with_numbers(node: Node, known: Mapping[str, float]) -> Node:
    """A condition with the numbers that its sides have, to be read: to 6 digits."""
    match node:
        case Binary(op, left, right) if op in COMPARISONS:
            sides = (float(evaluate_array(side, known, {})) for side in (left, right))
            return Binary(op, *(Number(float(f"{side:.6g}")) for side in sides))
        case Binary(op, left, right):
            return Binary(op, _with_numbers(left, known), _with_numbers(right, known))
        case Unary(op, operand):
            return Unary(op, _with_numbers(operand, known))
    return node


def births_a_year(scenario: Scenario) -> float | None:
    """Births a year at the values that the scenario has; None for a model without births."""
    from nbsmodel.engine.collector import fixed_names
    from nbsmodel.engine.values import Values

    if scenario.model.births is None:
        return None
    values = Values(scenario.model, fixed_names(scenario.model, scenario.overrides, scenario.choices))
    return float(np.ravel(values.value(scenario.model.births.node))[0])


def _years(years: float) -> str:
    return f"{years:g} year{'' if years == 1 else 's'}"


def _is_size(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
