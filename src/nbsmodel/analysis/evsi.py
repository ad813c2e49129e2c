"""Expected value of sample information: what the data of a study would be worth.

``EVSI = E[max_d E[NB_d | X]] - max_d E[NB_d]``. One data set X is simulated for every draw of the parameters, and the
inner means come from a regression on its statistics (Strong, Oakley, Brennan and Breeze 2015, Med Decis Making
35:570-583). What is regressed are not the net benefits but their means given the parameters that the data inform,
``g(S)``: ``E[NB | X] = E[g(S) | X]``, with less noise. A study is never worth more than knowing what it informs
(EVPPI), nor less than a part of its data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nbsmodel.analysis.conditional_mean import ConditionalMeans
from nbsmodel.analysis.evppi import adjusted, bases_of, regression
from nbsmodel.analysis.net_benefit_of_sampling import Study, net_benefit_of_sampling
from nbsmodel.analysis.parameter_sets import ParameterSet, joined
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.study_data import Data, Size, statistics
from nbsmodel.analysis.voi import Estimate, NetBenefits
from nbsmodel.numerics.one_thread import one_thread

#: All data of a study, beside each kind alone; everything that could be known; what a study is set against.
ALL, EVERYTHING, NO_STUDY = "all", "everything", "no study"

COLUMNS = [
    "data", "informs", "evsi", "se", "per_case", "per_year", "population", "population_se", "share_of_evppi", "cost",
    "delay_cost", "net_benefit", "net_benefit_se", "best", "estimate", "adjusted", "r2", "remark",
]  # fmt: skip
LIMITS = [
    "threshold", "data", "label", "informs", "evppi", "se", "per_case", "per_year", "population", "population_se",
    "remark",
]  # fmt: skip
WEAK = "The fit leaves a pattern in the residuals, so the value may be too low."


@dataclass(frozen=True)
class Design:
    """A design of a study.

    Parameters
    ----------
    name : str
    numbers : mapping of str to float
        What it is described by.
    sizes : mapping of str to Size
        By kind of data.
    study : Study
    """

    name: str
    numbers: Mapping[str, float]
    sizes: Mapping[str, Size]
    study: Study


class StudyValues:
    """Values of the data of designs, at some thresholds.

    Parameters
    ----------
    sample : Sample
    draws : DataFrame
        A row a draw, indexed by its number; a column a parameter.
    data : sequence of Data
    thresholds : sequence of float
    years : float or None
        Years of births of the horizon, discounted.
    seed : int

    Raises
    ------
    ValueError
        When draws and outcomes are not of the same run, or there are too few.
    """

    @one_thread()
    def __init__(
        self, sample: Sample, draws: pd.DataFrame, data: Sequence[Data], thresholds: Sequence[float],
        years: float | None = None, seed: int = 1,
    ) -> None:  # fmt: skip
        sample.paired(draws.index.to_numpy())
        self.draws, self.data, self.seed = draws, {d.name: d for d in data}, seed
        self.nb = NetBenefits(sample, thresholds)
        self.bases = bases_of(sample, years)
        sets = {d.name: d.informs for d in data}
        if len(data) > 1:
            sets[ALL] = joined(ALL, "All data", list(sets.values()))
        self.sets: dict[str, ParameterSet] = sets
        self.sources: dict[str, ConditionalMeans] = {}
        self.perfect: dict[str, list[Estimate]] = {}
        for name, subset in sets.items():
            means = regression(self.nb, draws, subset)
            self.sources[name] = means
            self.perfect[name] = [self._held(name, t, means) for t in range(len(self.nb.thresholds))]
        self._known: dict[tuple[str, Size], tuple[ConditionalMeans, list[Estimate]]] = {}

    def _held(self, name: str, threshold: int, means: ConditionalMeans) -> Estimate:
        """EVPPI of a set, held between those of its parts and EVPI."""
        raw = self.nb.value(means, threshold, self.seed, f"evppi {name}")
        members = set(self.sets[name].members)
        parts = [self.perfect[d][threshold].value for d in self.perfect if set(self.sets[d].members) <= members]
        value, _ = adjusted(raw.value, max(parts, default=0.0), self.nb.evpi[threshold].value)
        return Estimate(value, raw.se)

    def limits(self) -> pd.DataFrame:
        """What perfect information on each kind of data, on all, and on everything would be worth.

        Returns
        -------
        DataFrame
            Columns as in `LIMITS`; the population is that of the whole horizon.
        """
        rows = []
        for t, threshold in enumerate(self.nb.thresholds):
            found = {name: estimates[t] for name, estimates in self.perfect.items()} | {EVERYTHING: self.nb.evpi[t]}
            for name, estimate in found.items():
                label = "All parameters" if name == EVERYTHING else self._label(name)
                informs = "" if name == EVERYTHING else " ".join(self.sets[name].members)
                scaled = [*self.bases.all_of(estimate.value).values(), self.bases.all_of(estimate.se)["population"]]
                weak = name in self.sources and bool(self.sources[name].pattern(self.nb.which(t)))
                rows.append(
                    [threshold, name, label, informs, estimate.value, estimate.se, *scaled, WEAK if weak else ""]
                )
        return pd.DataFrame(rows, columns=LIMITS)

    def _label(self, name: str) -> str:
        return "All data" if name == ALL else self.data[name].label

    @one_thread()
    def table(self, designs: Sequence[Design], progress: Callable[[int], None] = lambda done: None) -> pd.DataFrame:
        """EVSI and net benefit of designs.

        Parameters
        ----------
        designs : sequence of Design
        progress : callable, optional
            Told the designs done.

        Returns
        -------
        DataFrame
            ``threshold, design, years``, the numbers of the designs, then `COLUMNS`. A row for all data of a design
            (``data`` is ``all``) and for each kind alone; and one for no study. ``evsi`` and ``se`` are per
            birth or patient; ``population`` counts births from the end of the study to that of the horizon;
            ``cost, delay_cost, net_benefit`` are of a whole study; ``best`` marks the highest net benefit of a
            threshold, that of no study being 0.
        """
        numbers = list(dict.fromkeys(key for design in designs for key in design.numbers))
        rows: list[dict[str, object]] = []
        for done, design in enumerate(designs):
            for row in self._of_design(design):
                rows.append({"design": design.name, "years": design.study.years} | dict(design.numbers) | row)
            progress(done + 1)
        for threshold in self.nb.thresholds:
            rows.append(
                {"threshold": threshold, "design": NO_STUDY, "years": 0.0, "data": "", "informs": "", "evsi": 0.0,
                 "population": 0.0, "cost": 0.0, "delay_cost": 0.0, "net_benefit": 0.0, "adjusted": "",
                 "remark": ""}
            )  # fmt: skip
        table = pd.DataFrame(rows).reindex(columns=["threshold", "design", "years", *numbers, *COLUMNS])
        order = [self.nb.thresholds.index(t) for t in table["threshold"]]
        table = table.assign(order=order).sort_values("order", kind="stable").drop(columns="order")
        table = table.reset_index(drop=True)
        highest = table.groupby("threshold")["net_benefit"].transform("max")
        known = table["net_benefit"].notna() & (len(designs) > 0)
        table["best"] = known & (table["net_benefit"] == highest) & self._priced(designs)
        return table

    @staticmethod
    def _priced(designs: Sequence[Design]) -> bool:
        return any(np.isfinite(d.study.cost) and np.isfinite(d.study.after) for d in designs)

    def _of_design(self, design: Design) -> list[dict[str, object]]:
        """Rows of a design: each kind of data alone, and all of them."""
        alone = {name: self._alone(name, size) for name, size in design.sizes.items()}
        if ALL not in self.sets:
            whole = next(iter(alone.values()))[0]
        else:
            columns = [c for name, size in design.sizes.items() for c in self._statistics(name, size)]
            whole = ConditionalMeans(columns, self.sources[ALL].fitted)
        rows = []
        for t, threshold in enumerate(self.nb.thresholds):
            parts = []
            for name, (means, estimates) in alone.items():
                value, how = adjusted(estimates[t].value, 0.0, self.perfect[name][t].value)
                parts.append(value)
                if ALL in self.sets:
                    of = Estimate(value, estimates[t].se)
                    rows.append(self._row(t, name, of, estimates[t].value, how, means, design.study))
            rows.append(self._whole_row(t, threshold, max(parts), whole, design))
        return rows

    def _whole_row(
        self, t: int, threshold: float, floor: float, whole: ConditionalMeans, design: Design
    ) -> dict[str, object]:
        study, nb = design.study, self.nb
        name = ALL if ALL in self.sets else next(iter(self.sets))
        waiting = study.waiting(nb.sample.strategies, nb.sample.comparator, nb.decisions[t])
        births = self.bases.births
        after, during = births * study.after, births * study.during
        zero = np.zeros(len(nb.sample.strategies))
        sums = [(1.0, zero), (after, -during * waiting)] if np.isfinite(after) else [(1.0, zero)]
        raw = float(nb.gain(whole, t).mean())
        stream = f"evsi {design.name}"
        errors = nb.standard_errors(whole, t, self.seed, stream, sums, self.sources[name])
        value, how = adjusted(raw, floor, self.perfect[name][t].value)
        row = self._row(t, ALL, Estimate(value, errors[0]), raw, how, whole, study)
        if len(sums) == 1:
            return row
        found = net_benefit_of_sampling(value, nb.mean_increments(t), waiting, study, births)
        priced = np.isfinite(study.cost)
        return row | {
            "cost": study.cost, "delay_cost": found.delay_cost, "net_benefit": found.net_benefit,
            "net_benefit_se": errors[1] if priced else np.nan,
        }  # fmt: skip

    def _row(
        self, t: int, name: str, value: Estimate, raw: float, how: str, means: ConditionalMeans, study: Study
    ) -> dict[str, object]:
        source = name if name in self.sets else next(iter(self.sets))
        births, limit = self.bases.births * study.after, self.perfect[source][t].value
        which = self.nb.which(t)
        return {
            "threshold": self.nb.thresholds[t], "data": name, "informs": " ".join(self.sets[source].members),
            "evsi": value.value, "se": value.se, **self.bases.all_of(value.value), "population": value.value * births,
            "population_se": value.se * births, "share_of_evppi": value.value / limit if limit else np.nan,
            "estimate": raw, "adjusted": how, "r2": means.quality(which)["r2"],
            "remark": WEAK if means.pattern(which) else "",
        }  # fmt: skip

    def _alone(self, name: str, size: Size) -> tuple[ConditionalMeans, list[Estimate]]:
        """Regression on one kind of data, and its value by threshold; made once for each size."""
        key = (name, size)
        if key not in self._known:
            source = self.sources[name]
            means = ConditionalMeans(self._statistics(name, size), source.fitted)
            stream = f"evsi {name} {size}"
            values = [self.nb.value(means, t, self.seed, stream, source) for t in range(len(self.nb.thresholds))]
            self._known[key] = means, values
        return self._known[key]

    def _statistics(self, name: str, size: Size) -> list[np.ndarray]:
        return statistics(self.data[name], size, self.draws, self.seed)
