"""Single lives: one simulated child under every strategy, to be read; and which child an error is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.config.settings import Settings
from nbsmodel.engine.collector import fixed_names
from nbsmodel.engine.inputs import Draws, check_settings, draw_table
from nbsmodel.engine.life_course import Course, LifeRow, Living, number
from nbsmodel.engine.simulation import PURPOSE, Simulation
from nbsmodel.engine.values import Values
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.attributes import attribute_values
from nbsmodel.model.parts import COST, LIFE_YEARS, QALY, Model
from nbsmodel.numerics.philox import MOST_INDIVIDUALS, once

if TYPE_CHECKING:
    from nbsmodel.engine.micro_batch import Batch

Array = Any


@dataclass(frozen=True)
class Life:
    """The life of one simulated child under every strategy.

    Parameters
    ----------
    model : Model
    individual, draw, seed : int
    attributes : dict of str to float
    courses : dict of str to Course
        By strategy.
    """

    model: Model
    individual: int
    draw: int
    seed: int
    attributes: dict[str, float]
    courses: dict[str, Course]

    def totals(self, strategy: str, discounted: bool = True) -> dict[str, float]:
        """Totals by outcome over the headline perspectives: of the child itself, without the tree's payoffs."""
        return {outcome: self.courses[strategy].total(outcome, discounted) for outcome in self.model.outcomes}

    def same_as(self, strategy: str) -> str | None:
        """The first strategy before this one under which the child lives the same life, to the last penny."""
        lived: list[str] = []
        for other, course in self.courses.items():
            if other == strategy:
                break
            if course.cohort is self.courses[strategy].cohort and course.rows == self.courses[strategy].rows:
                lived.append(other)
        return lived[0] if lived else None

    def text(self) -> str:
        """The life history in words."""
        return "\n".join(_text(self))


def life_of(
    model: Model,
    settings: Settings,
    simulation: Simulation,
    individual: int,
    *,
    base: Mapping[str, float],
    options: Mapping[str, str],
    draws: Draws | None = None,
    draw: int = 0,
) -> Life:
    """Live through a model as a simulation's child does.

    Parameters
    ----------
    model : Model
    settings : Settings
    simulation : Simulation
        Its seed.
    individual : int
        Number of the child, from 0.
    base, options : mapping
        As for `nbsmodel.engine.evaluate.evaluate`.
    draws : mapping of str to array (draws,), optional
    draw : int
        Which of them.

    Returns
    -------
    Life

    Raises
    ------
    InputError
        The first impossible value of this life, with place, strategy, cycle and child; a child or draw
        that there is not.
    """
    check_settings(model, settings)
    table, n = draw_table(model, draws, base)
    for what, found, most in (("individual", individual, MOST_INDIVIDUALS), ("draw", draw, n)):
        if not 0 <= found < most:
            raise InputError(
                [Problem(what, f"there is no {what} {found}.", f"They are counted from 0 to {most - 1:,}.")]
            )
    fixed: dict[str, Array] = {**fixed_names(model, base, options), **{k: column[draw] for k, column in table.items()}}
    shape = (len(model.strategies), 1)
    shown = None if draws is None else draw
    living = [
        Living(model, settings, simulation.seed, _here(fixed, shape, s, 0), name, individual, draw, shown)
        for s, name in enumerate(model.strategy_names)
    ]
    attributes = _attributes(model, living[0])
    courses = {one.where.strategies[0]: one.course(attributes) for one in living}
    return Life(model, individual, draw, simulation.seed, attributes, courses)


def explain(batch: Batch, error: Array, first: int) -> None:
    """Say what is wrong where the compiled walk has met an impossible value.

    Parameters
    ----------
    batch : Batch
    error : int array (5,)
        What the walk reports: 1, draw in the block, strategy, first and last child in the batch.
    first : int
        Number of the batch's first child.

    Raises
    ------
    InputError
        With place, value, strategy, cycle, age, draw and child.
    """
    d, s, low, high = (int(i) for i in error[1:])
    model, shown = batch.model, batch.where.first_draw
    names = _here(dict(batch.values.known), batch.mass.shape, s, d)
    settings = next(iter(batch.tables.values())).ledger.settings
    strategy, draw = model.strategy_names[s], batch.first_draw + d
    for child in range(first + low, first + high + 1):
        living = Living(
            model, settings, batch.simulation.seed, names, strategy, child, draw, None if shown is None else shown + d
        )
        living.course(_attributes(model, living))
    found = f"a value is impossible in strategy {strategy}, draw {draw}, children {first + low} to {first + high}."
    raise InputError([Problem(str(model.folder.name), found, "Please report this: the model itself shows no fault.")])


def _here(names: Mapping[str, Array], shape: tuple[int, ...], strategy: int, draw: int) -> dict[str, Array]:
    """Names as numbers, of one strategy and draw."""
    return {name: np.float64(np.broadcast_to(value, shape)[strategy, draw]) for name, value in names.items()}


def _attributes(model: Model, living: Living) -> dict[str, float]:
    found: dict[str, Array] = {}
    for name, attribute in model.attributes.items():
        u = once(living.seed, PURPOSE, f"attribute {name}", 1, 1, living.child, living.draw)[:, :, None]
        values = Values(model, found, living.block)
        found[name] = np.float64(number(attribute_values(model, attribute, u, values, living.where.first_draw)))
    return {name: float(value) for name, value in found.items()}


# --- in words --------------------------------------------------------------------------------


def _text(life: Life) -> Iterator[str]:
    model = life.model
    yield f"Child {life.individual}" + (f", draw {life.draw}" if life.draw else "")
    for name, value in life.attributes.items():
        yield f"  {model.attributes[name].label}: {value:.4g}"
    for strategy in model.strategies:
        course = life.courses[strategy.name]
        yield ""
        yield strategy.label
        yield "  " + " > ".join(branch.label for branch in course.path)
        if course.handed:
            yield "  with " + ", ".join(
                f"{name.replace('_', ' ')} {value:.4g}" for name, value in course.handed.items()
            )
        same = life.same_as(strategy.name)
        if same is not None:
            yield f"  The same life as under {next(s.label for s in model.strategies if s.name == same)}."
        else:
            yield from _course(course, model)


def _course(course: Course, model: Model) -> Iterator[str]:
    """The start, every change of state and the end, with what it has come to; then the totals."""
    labels = {state.name: state.label for state in course.cohort.states}
    dead = {state.name for state in course.cohort.states if state.dead}
    lines = [("age", "", f"{model.about['currency']} so far", "QALYs so far")]
    spent: dict[str, float] = dict.fromkeys(model.outcomes, 0.0)
    before: str | None = None
    for row in course.rows:
        for outcome, (discounted, _) in row.amounts.items():
            spent[outcome] += discounted
        ends = row is course.rows[-1] and row.state not in dead
        if row.state != before or ends:
            words = labels[row.state] if row.state != before else f"end, still: {labels[row.state]}"
            lines.append((_age(row), words, f"{spent[COST]:,.0f}", f"{spent[QALY]:,.2f}"))
        before = row.state
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    for age, state, cost, qaly in lines:
        yield f"  {age:<{widths[0]}}  {state:<{widths[1]}}  {cost:>{widths[2]}}  {qaly:>{widths[3]}}"
    yield "  In all, discounted (and not):"
    for name, about in model.outcomes.items():
        discounted, plain = course.total(name), course.total(name, discounted=False)
        if discounted or plain or name in (COST, QALY, LIFE_YEARS):
            digits = 0 if name == COST else 2
            yield f"    {about.label}: {discounted:,.{digits}f} ({plain:,.{digits}f}) {about.unit}"


def _age(row: LifeRow) -> str:
    """Years and months."""
    years, months = divmod(round(row.age * 12), 12)
    if row.age * 12 < 1 and row.age > 0:
        return f"{row.age * 365.25:.0f} days"
    text = [f"{years} year{'' if years == 1 else 's'}"] if years else []
    text += [f"{months} month{'' if months == 1 else 's'}"] if months or not years else []
    return " ".join(text)
