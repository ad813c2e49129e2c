"""What the deterministic analyses move: a parameter, a derived value, or several parameters together.

Members of a Dirichlet group are shares of one whole: when some are moved, the others are rescaled in
proportion, so that all still add up to 1. Everything else stays where the scenario has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.config.analyses_points import MovedSchema
from nbsmodel.config.scenario import Scenario
from nbsmodel.engine.collector import fixed_names
from nbsmodel.engine.values import Values
from nbsmodel.errors import InputError, Problems, nearest
from nbsmodel.model.distribution_groups import Dirichlet
from nbsmodel.model.money import money_unit
from nbsmodel.model.units import legal_range, range_text
from nbsmodel.run.runs import Runs

Array = Any

#: Probabilities between which a parameter is moved when nothing is said: its 95% interval.
TAILS = (0.025, 0.975)
INTERVAL = "95% interval"
#: Unit of a factor on several parameters.
FACTOR = "factor"


@dataclass(frozen=True)
class Moved:
    """What is moved.

    Parameters
    ----------
    name, label, unit : str
    base : float
        Value in force; nan where that is not one number, 1 for a factor.
    members : tuple of str
        What gets a new value: one parameter or derived value, or several that get the same.
    derived : bool
        Whether a derived value is among them.
    factor : bool
        Whether members are multiplied instead of being set.
    inferred : bool
        Whether the unit was told from a formula: it is printed, but it limits nothing, because a difference of
        two costs may be negative.
    """

    name: str
    label: str
    unit: str
    base: float
    members: tuple[str, ...]
    derived: bool = False
    factor: bool = False
    inferred: bool = False

    @property
    def legal(self) -> tuple[float, float]:
        """Lowest and highest value that the unit allows; those of the members are checked apart."""
        return (-math.inf, math.inf) if self.factor or self.inferred else legal_range(self.unit)


def place_of(scenario: Scenario, key: str) -> str:
    """Where the config asks for an analysis."""
    return scenario.places.get(f"analyses.{key}", f"analyses.{key}")


def moved_by(scenario: Scenario, schema: MovedSchema, place: str, problems: Problems) -> Moved | None:
    """What a block of the config moves; mistakes are noted in `problems`."""
    if schema.scale is not None:
        return scaled(scenario, schema.scale, f"{place}.scale", problems, schema.label)
    if schema.same is not None:
        return same_value(scenario, schema.same, f"{place}.same", problems, schema.label)
    assert schema.name is not None
    return named(scenario, schema.name, f"{place}.name", problems, schema.label)


def named(scenario: Scenario, name: str, place: str, problems: Problems, label: str | None = None) -> Moved | None:
    """A parameter or a derived value, by its name.

    Parameters
    ----------
    scenario : Scenario
    name : str
    place : str
        For messages.
    problems : Problems
        Receives what is wrong: a name that is unknown, a derived value that differs between strategies (one
        number would stand for all of them).
    label : str, optional

    Returns
    -------
    Moved, or None after a mistake
    """
    model = scenario.model
    row = model.parameters.rows.get(name)
    if row is not None:
        base = scenario.overrides.get(name, row.value)
        year = f" ({row.price_year} prices)" if model.prices.factor(name) != 1 else ""
        return Moved(name, label or f"{row.label}{year}", row.unit, base, (name,))
    derived = model.derived.get(name)
    if derived is None:
        if name in model.choices:
            problems.add(place, f"{name} is a choice, no number.", "Compare scenarios that choose differently.")
        else:
            known = [*model.parameters.rows, *model.derived]
            problems.add(place, f"no parameter or derived value is named {name}.", nearest(name, known))
        return None
    if "strategy" in derived.axes and name not in scenario.overrides:
        found = f"the derived value {name} differs between strategies; one number would stand for all of them."
        problems.add(place, found, f"Name a parameter behind it: {derived.formula.text}")
        return None
    words = name.replace("_", " ")
    title = label or words[:1].upper() + words[1:]
    told = money_unit(model, derived.formula.node) if derived.unit == "number" else ""
    base = derived_value(scenario, name)
    return Moved(name, title, told or derived.unit, base, (name,), derived=True, inferred=bool(told))


def scaled(
    scenario: Scenario, names: Sequence[str], place: str, problems: Problems, label: str | None = None
) -> Moved | None:
    """One factor on several parameters.

    Returns
    -------
    Moved, or None after a mistake
        Its name is ``a x b`` for the parameters a and b, its base 1.
    """
    rows = scenario.model.parameters.rows
    wrong = [name for name in names if name not in rows]
    for name in wrong:
        kind = "a derived value" if name in scenario.model.derived else "unknown"
        found = f"{name} is {kind}; a factor moves parameters."
        problems.add(place, found, nearest(name, rows) if kind == "unknown" else "Name the parameters behind it.")
    twice = sorted({name for name in names if list(names).count(name) > 1})
    if twice:
        problems.add(place, f"{', '.join(twice)} stands twice.", "Name each parameter once.")
    if wrong or twice:
        return None
    if not any(scenario.overrides.get(name, rows[name].value) for name in names):
        problems.add(place, f"{', '.join(names)}: 0 times any factor is 0.", "Name parameters that are not 0.")
        return None
    title = label or "Factor on " + ", ".join(rows[name].label for name in names)
    return Moved("factor on " + " ".join(names), title, FACTOR, 1.0, tuple(names), factor=True)


def same_value(
    scenario: Scenario, names: Sequence[str], place: str, problems: Problems, label: str | None = None
) -> Moved | None:
    """Several parameters or derived values that get the same value, such as one discount on several drugs.

    Returns
    -------
    Moved, or None after a mistake
        Its base is the value in force where that is the same for all.
    """
    found = [named(scenario, name, place, problems) for name in dict.fromkeys(names)]
    if len(found) < len(names):
        problems.add(place, "a name stands twice.", "Name each once.")
        return None
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return None
    units = list(dict.fromkeys(one.unit for one in known))
    if len(units) > 1:
        problems.add(place, f"their units differ: {', '.join(units)}.", "What gets the same value has one unit.")
        return None
    bases = {one.base for one in known}
    title = label or "; ".join(one.label for one in known)
    return Moved(
        " ".join(names), title, units[0], bases.pop() if len(bases) == 1 else math.nan, tuple(names),
        derived=any(one.derived for one in known), inferred=all(one.inferred for one in known),
    )  # fmt: skip


def derived_value(scenario: Scenario, name: str) -> float:
    """Value of a derived value where it is one number, nan where it varies or cannot be worked out."""
    if name in scenario.overrides:
        return scenario.overrides[name]
    if scenario.model.derived[name].axes - {"draw"}:
        return math.nan
    known = fixed_names(scenario.model, scenario.overrides, scenario.choices)
    try:
        found = np.unique(np.asarray(Values(scenario.model, known)[name], dtype=float))
    except InputError:
        return math.nan
    return float(found[0]) if found.size == 1 else math.nan


def interval(scenario: Scenario, name: str) -> tuple[float, float, str] | None:
    """The 95% interval of a parameter's own distribution, within what its unit allows.

    A member of a Dirichlet group some of whose members the scenario fixes has the distribution that it has
    given those.

    Returns
    -------
    (low, high, where from) or None without a distribution
    """
    row = scenario.model.parameters.rows.get(name)
    if row is None or not row.uncertain:
        return None
    tails = np.array(TAILS)
    if row.distribution is not None:
        ends = row.distribution.quantile(tails)
    else:
        group = next(g for g in scenario.model.parameters.groups if name in g.members)
        if isinstance(group, Dirichlet):
            fixed = [m for m in group.members if m in scenario.overrides and m != name]
            free = [i for i, m in enumerate(group.members) if m not in fixed]
            if len(free) < 2:
                return None
            given = Dirichlet(group.name, tuple(group.members[i] for i in free), group.counts[free])
            left = 1 - sum(scenario.overrides[m] for m in fixed)
            ends = left * given.quantile(given.members.index(name), tails)
        else:
            ends = scenario.model.parameters.quantile(name, tails)
    low, high = legal_range(row.unit)
    kept = np.clip(ends, low, high)
    cut = [f"{e:.4g}" for e, k in zip(ends.tolist(), kept.tolist(), strict=True) if e != k]
    text = INTERVAL + (f", cut where the unit ends ({' and '.join(cut)} is no {row.unit})" if cut else "")
    return float(kept[0]), float(kept[1]), text


def check_ends(scenario: Scenario, moved: Moved, low: float, high: float, place: str, problems: Problems) -> None:
    """Refuse ends that the unit of what is moved does not allow."""
    rows = scenario.model.parameters.rows
    for end in (low, high):
        if moved.factor:
            for name in moved.members:
                value = end * scenario.overrides.get(name, rows[name].value)
                lowest, highest = legal_range(rows[name].unit)
                if not lowest <= value <= highest:
                    found = f"{end:g} times {name} is {value:g}, which is no {rows[name].unit}."
                    problems.add(place, found, f"It must be {range_text(rows[name].unit)}.")
        elif not moved.legal[0] <= end <= moved.legal[1]:
            problems.add(
                place, f"{end:g} is no {moved.unit}, which {moved.name} is.", f"It must be {range_text(moved.unit)}."
            )


def columns(scenario: Scenario, values: Mapping[Moved, Array]) -> dict[str, Array]:
    """Columns of parameters and derived values when some are moved.

    Parameters
    ----------
    scenario : Scenario
    values : mapping of Moved to array (row,)

    Returns
    -------
    dict of str to array (row,)
        What is moved, and the other members of Dirichlet groups, rescaled. Everything that is not in it stays.
    """
    base = Runs(scenario).values
    found: dict[str, Array] = {}
    for moved, value in values.items():
        value = np.asarray(value, dtype=float)
        found |= {m: base[m] * value if moved.factor else value for m in moved.members}
    for group in scenario.model.parameters.groups:
        mine = [m for m in group.members if m in found]
        others = others_of(scenario, group.members, mine)
        if isinstance(group, Dirichlet) and mine and others:
            fixed = sum(base[m] for m in group.members if m not in (*mine, *others))
            left = 1 - fixed - np.sum([found[m] for m in mine], axis=0)
            mean = dict(zip(group.members, group.mean().tolist(), strict=True))
            weights = base if any(base[m] for m in others) else mean
            total = sum(weights[m] for m in others)
            found |= {m: left * (weights[m] / total) for m in others}
    return found


def others_of(scenario: Scenario, members: Iterable[str], moved: Sequence[str]) -> list[str]:
    """Members of a Dirichlet group that give way when others are moved: those that the scenario does not fix."""
    return [m for m in members if m not in moved and m not in scenario.overrides]


def whole_group(scenario: Scenario, moved: Sequence[Moved]) -> str | None:
    """Members of a Dirichlet group that are moved although no other is left to give way, in words."""
    names = [m for one in moved for m in one.members]
    for group in scenario.model.parameters.groups:
        mine = [m for m in group.members if m in names]
        if isinstance(group, Dirichlet) and mine and not others_of(scenario, group.members, mine):
            verb = "has" if len(mine) == 1 else "have"
            return f"{' and '.join(mine)} {verb} to make up 1 with the rest of the group, which leaves no room to move."
    return None
