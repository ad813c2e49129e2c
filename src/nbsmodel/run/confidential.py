"""Confidential prices: used for one verdict in words, and never written anywhere.

A model that others can run gives a price away by any number that depends on it: a cost, an ICER, a net benefit
or a probability with enough digits can be solved for the price. So with confidential values a run says on which
side of each threshold every strategy falls, and how sure that is in a few wide classes. Everything else in its
output is as it is without them, to the byte.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.ties import differences
from nbsmodel.config.scenario import Scenario
from nbsmodel.errors import InputError, Problem, Problems, nearest
from nbsmodel.model.distribution_groups import Dirichlet
from nbsmodel.model.units import legal_range, range_text
from nbsmodel.model.yamlfile import read_yaml, shown
from nbsmodel.run.psa import psa_at

if TYPE_CHECKING:
    import pandas as pd

    from nbsmodel.run.analyses import Job

#: Upper ends of the classes in which a probability is told.
CLASSES = ((0.05, "below 5%"), (0.25, "5% to 25%"), (0.5, "25% to 50%"), (0.75, "50% to 75%"), (0.95, "75% to 95%"))
HIGHEST = "above 95%"

#: Thresholds at which verdicts may be told: so many, and each so much above the one before.
MOST_THRESHOLDS, APART = 4, 1.15

#: Words of the verdict; there is no third.
YES, NO = "cost-effective", "not cost-effective"
COLUMNS = ["strategy", "against", "threshold", "verdict", "probability"]


def read_confidential(path: Path, scenario: Scenario) -> dict[str, float]:
    """Values of a private file, ``overrides:`` with a number for each parameter.

    Parameters
    ----------
    path : Path
        YAML; nothing of it is quoted in a message but names of keys.
    scenario : Scenario

    Raises
    ------
    InputError
        With every problem, and no value.
    """
    place = shown(path)
    if not path.is_file():
        found = "a file is needed, and this is none." if path.exists() else "no such file."
        raise InputError([Problem(place, found, "Give a text file that stays where it is.")])
    try:
        document = read_yaml(path)
    except InputError as error:
        lines = dict.fromkeys(_line(p.place) for p in error.problems)  # a place may quote a key
        raise InputError(
            [Problem(place + line, "this is not a YAML file that can be read.") for line in lines]
        ) from None
    data = document.data
    problems = Problems()
    form = "Write `overrides:` and, indented below it, a line `parameter: number` for each."
    overrides = data.get("overrides")
    if set(data) != {"overrides"} or not isinstance(overrides, dict) or not overrides:
        raise InputError([Problem(place, "a file of confidential values holds overrides and nothing else.", form)])
    rows = scenario.model.parameters.rows
    for name, value in overrides.items():
        line = _line(document.place("overrides", name))
        where = f"{place}{line} overrides.{name}"
        if name not in rows:  # it may hold a value, where a colon or a blank is missing
            close = nearest(str(name), rows)
            problems.add(f"{place}{line}", "what stands here is no parameter (it is not shown).",
                         close if close.startswith("Did you mean") else "Write `parameter: number`.")  # fmt: skip
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            problems.add(where, "a number is needed (what stands there is not shown).")
        else:
            low, high = legal_range(rows[name].unit)
            if not low <= value <= high:
                found = f"this is no {rows[name].unit} (the value is not shown)."
                problems.add(where, found, f"It must be {range_text(rows[name].unit)}.")
    for group in scenario.model.parameters.groups:
        inside = [m for m in group.members if m in overrides]
        if isinstance(group, Dirichlet) and inside and len(inside) < len(group.members):
            found = f"{', '.join(group.members)} are shares of one whole."
            problems.add(place, found, "Give all of them, or none.")
    _check_thresholds(scenario, problems)
    problems.raise_if_any()
    return {str(name): float(value) for name, value in overrides.items()}


def _line(place: str) -> str:
    """The line number of a place, as ``:3``; nothing else of it."""
    found = re.search(r":\d+(?= |$)", place)
    return found[0] if found else ""


def _check_thresholds(scenario: Scenario, problems: Problems) -> None:
    """Verdicts at many thresholds, or at close ones, would bracket a price."""
    thresholds = sorted(scenario.settings.thresholds)
    close = any(b < APART * a for a, b in itertools.pairwise(thresholds))
    if len(thresholds) > MOST_THRESHOLDS or close:
        found = f"verdicts at {', '.join(f'{t:g}' for t in thresholds)} would bracket the confidential prices."
        fix = f"Use at most {MOST_THRESHOLDS} thresholds, each at least {100 * (APART - 1):.0f}% above the one before."
        problems.add(scenario.places.get("settings.thresholds", "settings.thresholds"), found, fix)


def confidential_table(job: Job, values: Mapping[str, float]) -> pd.DataFrame:
    """The verdict at confidential values, in words only.

    Parameters
    ----------
    job : Job
    values : mapping of str to float

    Returns
    -------
    DataFrame
        Columns ``strategy, against, threshold, verdict, probability``; the last is a class, and empty
        without a probabilistic analysis.

    Raises
    ------
    InputError
        Without a value.
    """
    import pandas as pd

    try:
        base = job.runs.at({name: np.array([value]) for name, value in values.items()})
        sample = None if job.psa is None else psa_at(job, dict(values))
    except InputError as error:  # its words may quote a value
        fix = "Check them without --confidential, where no one else looks."
        found = "the model cannot be run with the confidential values."
        raise InputError([Problem(_formula_place(error, values), found, fix)]) from None
    rows: list[list[Any]] = []
    for threshold in job.scenario.settings.thresholds:
        benefit = _benefit(base, threshold)[0]
        drawn = None if sample is None else _benefit(sample, threshold)
        for s in base.others:
            likely = "" if drawn is None else probability_class(float(np.mean(drawn[:, s] > 0)))
            verdict = YES if benefit[s] > 0 else NO
            rows.append([base.strategies[s], base.strategies[base.comparator], threshold, verdict, likely])
    return pd.DataFrame(rows, columns=COLUMNS)


def _benefit(sample: Sample, threshold: float) -> Any:
    """Incremental net benefit, 0 where only rounding differs."""
    nb = sample.net_benefit(threshold)
    return differences(nb, nb[:, [sample.comparator]])


def probability_class(probability: float) -> str:
    """The class of a probability, in words."""
    return next((words for end, words in CLASSES if probability < end), HIGHEST)


def _formula_place(error: InputError, values: Mapping[str, float]) -> str:
    """File, line and key of a model's formula; nothing else, for a place may quote values too."""
    place = error.problems[0].place
    return place if "model.yaml" in place and not any(c in place for c in "=<>") else ", ".join(values)
