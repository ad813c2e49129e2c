"""Expected value of partial perfect information: what it is worth to know some parameters.

``EVPPI(S) = E[max_d E[NB_d | S]] - max_d E[NB_d]``, with the inner means from a regression of the net benefits of
the draws on the parameters of the set (Strong, Oakley and Brennan 2014, Med Decis Making 34:311-326). Knowing more
is never worth less, and nothing is worth more than knowing all: estimates are raised to that of any set that
they hold, and capped at EVPI. That of all parameters is EVPI by definition.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nbsmodel.analysis.conditional_mean import ConditionalMeans
from nbsmodel.analysis.estimates import mean
from nbsmodel.analysis.parameter_sets import ALTERNATIVE, ParameterSet
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.voi import Estimate, NetBenefits
from nbsmodel.numerics.one_thread import one_thread

#: Fewer draws than this, and than so many for every number of a set, are refused; fewer than the second are
#: called few.
FEWEST, FEWEST_EACH = 100, 50
ENOUGH, ENOUGH_EACH = 500, 250
#: What is said of a regression that misses something, and of a value that tells more than itself.
PATTERN = "The fit leaves a pattern in the residuals, so the value may be too low."
PAIRED_PATTERN = "The fit leaves a pattern in the residuals over two columns together, so the value may be too low."
TELLS = (
    "Structural alternatives override it, so its value gives the alternative away: this includes what it is worth to "
    "know which alternative holds."
)
#: Name of the set of all parameters that are drawn.
ALL = "all"

COLUMNS = [
    "threshold", "set", "label", "parameters", "evppi", "se", "per_case", "per_year", "population", "population_se",
    "share_of_evpi", "estimate", "adjusted", "r2", "r2_cv", "df", "residual_sd", "method", "remark", "nested",
    "nested_se",
]  # fmt: skip


def fewest(numbers: int) -> int:
    """Draws below which a set of so many numbers is refused."""
    return max(FEWEST, FEWEST_EACH * numbers)


def enough(numbers: int) -> int:
    """Draws from which on a set of so many numbers is not called short of draws."""
    return max(ENOUGH, ENOUGH_EACH * numbers)


@dataclass(frozen=True)
class Bases:
    """What a value per birth or patient is turned into; nan where there is none.

    Parameters
    ----------
    cases : float
        Share of births with the condition.
    births : float
        A year.
    years : float
        Years of births that the decision stands for, discounted.
    """

    cases: float
    births: float
    years: float

    def all_of(self, value: float) -> dict[str, float]:
        """The value per case, a year and for the population."""
        a_year = value * self.births
        return {"per_case": value / self.cases, "per_year": a_year, "population": self.years * a_year}


def bases_of(sample: Sample, years: float | None) -> Bases:
    """Means over the draws.

    Parameters
    ----------
    sample : Sample
    years : float or None
        None when the decision stands for no population.
    """
    cases = np.nan if sample.cases is None else float(mean(sample.cases))
    births = np.nan if sample.births is None else float(mean(sample.births))
    return Bases(cases, births, np.nan if years is None else years)


def adjusted(raw: float, floor: float, ceiling: float) -> tuple[float, str]:
    """An estimate held between what it cannot be below and above, and a word for what was done."""
    if raw > ceiling:
        return ceiling, "capped"
    return (floor, "raised") if raw < floor else (raw, "")


@one_thread()
def evppi_table(
    sample: Sample,
    draws: pd.DataFrame,
    sets: Sequence[ParameterSet],
    thresholds: Sequence[float],
    *,
    years: float | None = None,
    seed: int = 1,
    nested: Mapping[str, Sequence[Estimate]] | None = None,
    overridden: Collection[str] = (),
    progress: Callable[[int], None] = lambda done: None,
) -> pd.DataFrame:
    """EVPPI of sets of parameters at some thresholds.

    Parameters
    ----------
    sample : Sample
    draws : DataFrame
        A row a draw, indexed by its number; a column a parameter. All of them are what is uncertain.
    sets : sequence of ParameterSet
        That of all parameters is added.
    thresholds : sequence of float
    years : float, optional
        Years of births that the decision stands for, discounted.
    seed : int
        Of the simulated errors.
    nested : mapping of str to sequence of Estimate, optional
        Nested simulations of some sets, by threshold.
    overridden : collection of str
        Parameters that a structural alternative overrides.
    progress : callable, optional
        Told the sets done.

    Returns
    -------
    DataFrame
        Columns as in `COLUMNS`: by threshold, the most valuable first. ``evppi`` with its standard error
        ``se`` is per unit of the model's basis; ``population_se`` is that of ``population``. ``estimate`` is
        what the regression gave, ``adjusted`` says whether it was ``raised`` to that of a smaller set or
        ``capped`` at EVPI. ``r2, r2_cv`` (cross-validated), ``df`` and ``residual_sd`` are of the regression of
        incremental net benefits; ``remark`` says in words what is wrong with it, and is empty when nothing is.

    Raises
    ------
    ValueError
        When draws and outcomes are not of the same run, or there are too few for a set.
    """
    sample.paired(draws.index.to_numpy())
    nb = NetBenefits(sample, thresholds)
    bases = bases_of(sample, years)
    every = ParameterSet(ALL, "All parameters together", tuple(map(str, draws.columns)))
    rows: list[dict[str, object]] = []
    known: list[list[tuple[set[str], float]]] = [[] for _ in thresholds]
    ordered = sorted(sets, key=lambda s: len(s.members))  # smaller sets first: they are what larger ones are held to
    for done, subset in enumerate([*ordered, every]):
        members = set(subset.members)
        means = None if members >= set(every.members) else regression(nb, draws, subset)
        for t, threshold in enumerate(nb.thresholds):
            raw = nb.evpi[t] if means is None else nb.value(means, t, seed, subset.name)
            floor = max((value for held, value in known[t] if held <= members), default=0.0)
            value, how = adjusted(raw.value, floor, nb.evpi[t].value)
            known[t].append((members, value))
            row = {"threshold": threshold, "order": t, "estimate": raw.value, "adjusted": how}
            row |= _of_set(subset, Estimate(value, raw.se), nb.evpi[t].value, bases)
            row |= _checked((nested or {}).get(subset.name), t)
            row |= _of_regression(nb, means, t)
            if means is not None and ALTERNATIVE not in members and members & set(overridden):
                row["remark"] = f"{row['remark']} {TELLS}".strip()
            rows.append(row)
        progress(done + 1)
    table = pd.DataFrame(rows).sort_values(["order", "evppi"], ascending=[True, False], kind="stable")
    return table.reset_index(drop=True)[COLUMNS]


def _of_set(subset: ParameterSet, value: Estimate, evpi: float, bases: Bases) -> dict[str, object]:
    return {
        "set": subset.name, "label": subset.label, "parameters": " ".join(subset.members), "evppi": value.value,
        "se": value.se, **bases.all_of(value.value), "population_se": bases.all_of(value.se)["population"],
        "share_of_evpi": value.value / evpi if evpi else np.nan,
    }  # fmt: skip


def _checked(nested: Sequence[Estimate] | None, threshold: int) -> dict[str, object]:
    found = Estimate(np.nan, np.nan) if nested is None else nested[threshold]
    return {"nested": found.value, "nested_se": found.se}


def regression(nb: NetBenefits, draws: pd.DataFrame, subset: ParameterSet) -> ConditionalMeans:
    """Regression of net benefits on the parameters of a set.

    Raises
    ------
    ValueError
        When there are too few draws for it.
    """
    means = ConditionalMeans([draws[name].to_numpy() for name in subset.members], nb.responses)
    least = fewest(len(means.used))
    if means.used and len(draws) < least:
        raise ValueError(f"{len(draws)} draws are too few for {subset.label}; at least {least} are needed")
    return means


def _of_regression(nb: NetBenefits, means: ConditionalMeans | None, threshold: int) -> dict[str, object]:
    if means is None:
        blank = dict.fromkeys(("r2", "r2_cv", "df", "residual_sd"), np.nan)
        return {**blank, "method": "EVPI by definition", "remark": ""}
    which = nb.which(threshold)
    return {**means.quality(which), "method": method(means), "remark": " ".join(_remarks(nb, means, which))}


def method(means: ConditionalMeans) -> str:
    """What kind of regression was made, in words."""
    if not means.used:
        return "no draw differs"
    spline = "splines" if len(means.used) > 1 else "spline"
    products = len(means.pairs) + len(means.triples)
    return spline + (f" with {products} products" if products > 1 else " with a product" if products else "")


def _remarks(nb: NetBenefits, means: ConditionalMeans, which: Sequence[int]) -> Iterable[str]:
    needed = enough(len(means.used))
    if means.used and len(nb.sample) < needed:
        yield f"Few draws: {needed} or more would be better."
    if found := pattern_remark(means, which):
        yield found


def pattern_remark(means: ConditionalMeans, which: Sequence[int]) -> str:
    """What is said of responses whose fit leaves a pattern; empty without one."""
    if means.pattern(which):
        return PATTERN
    return "" if means.paired_pattern(which) is None else PAIRED_PATTERN
