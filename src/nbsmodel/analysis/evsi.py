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
from nbsmodel.analysis.evppi import adjusted, bases_of, pattern_remark, regression
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


@dataclass(frozen=True)
class _Fitted:
    """What a regression on data says at one threshold: value, errors of the sums asked for, and how well it fits."""

    value: float
    errors: tuple[float, ...]
    r2: float
    remark: str


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
        self.sets: dict[str, ParameterSet] = {d.name: d.informs for d in data}
        self.sets[ALL] = joined(ALL, "All data", list(self.sets.values()))
        self.sources: dict[str, ConditionalMeans] = {}
        self.perfect: dict[str, list[Estimate]] = {}
        for name, subset in self.sets.items():
            only = name == ALL and len(data) == 1
            self.sources[name] = self.sources[data[0].name] if only else regression(self.nb, draws, subset)
            self.perfect[name] = [self._held(name, t) for t in range(len(self.nb.thresholds))]
        self._known: dict[tuple[str, Size], list[_Fitted]] = {}

    def _held(self, name: str, threshold: int) -> Estimate:
        """EVPPI of a set, held between those of its parts and EVPI."""
        raw = self.nb.value(self.sources[name], threshold, self.seed, f"evppi {name}")
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
                weak = pattern_remark(self.sources[name], self.nb.which(t)) if name in self.sources else ""
                rows.append([threshold, name, label, informs, estimate.value, estimate.se, *scaled, weak])
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
        """Rows of a design: each kind of data alone (where there are several), and all of them."""
        alone = {name: self._alone(name, size) for name, size in design.sizes.items()}
        columns = [c for name, size in design.sizes.items() for c in self._statistics(name, size)]
        whole = self._fitted(ALL, columns, f"evsi {design.name}", design.study)
        rows = []
        for t in range(len(self.nb.thresholds)):
            parts = [self._row(t, name, found[t], 0.0, design.study) for name, found in alone.items()]
            floor = max(value for value, _ in parts)
            rows += [row for _, row in parts] if len(parts) > 1 else []
            value, row = self._row(t, ALL, whole[t], floor, design.study)
            rows.append(row | self._net_benefit(t, value, whole[t], design.study))
        return rows

    def _row(self, t: int, name: str, found: _Fitted, floor: float, study: Study) -> tuple[float, dict[str, object]]:
        """The value of data, held between its limits, and its row of the table."""
        limit, births = self.perfect[name][t].value, self.bases.births * study.after
        value, how = adjusted(found.value, floor, limit)
        se = found.errors[0]
        return value, {
            "threshold": self.nb.thresholds[t], "data": name, "informs": " ".join(self.sets[name].members),
            "evsi": value, "se": se, **self.bases.all_of(value), "population": value * births,
            "population_se": se * births, "share_of_evppi": value / limit if limit else np.nan,
            "estimate": found.value, "adjusted": how, "r2": found.r2, "remark": found.remark,
        }  # fmt: skip

    def _net_benefit(self, t: int, value: float, found: _Fitted, study: Study) -> dict[str, object]:
        births = self.bases.births
        if not np.isfinite(births * study.after):
            return {}
        made = net_benefit_of_sampling(value, self.nb.mean_increments(t), self._waiting(t, study), study, births)
        error = found.errors[1] if np.isfinite(study.cost) else np.nan
        return {"cost": study.cost, "delay_cost": made.delay_cost, "net_benefit": made.net_benefit,
                "net_benefit_se": error}  # fmt: skip

    def _waiting(self, t: int, study: Study) -> np.ndarray:
        sample = self.nb.sample
        return study.waiting(sample.strategies, sample.comparator, self.nb.decisions[t])

    def _alone(self, name: str, size: Size) -> list[_Fitted]:
        """One kind of data by threshold; made once for each size."""
        if (name, size) not in self._known:
            self._known[name, size] = self._fitted(name, self._statistics(name, size), f"evsi {name} {size}")
        return self._known[name, size]

    def _fitted(self, name: str, columns: list[np.ndarray], stream: str, study: Study | None = None) -> list[_Fitted]:
        """Regression on data by threshold; with a study the second error is that of its net benefit."""
        nb, source = self.nb, self.sources[name]
        means = ConditionalMeans(columns, source.fitted)
        found = []
        for t in range(len(nb.thresholds)):
            sums = [(1.0, np.zeros(len(nb.sample.strategies)))]
            if study is not None and np.isfinite(self.bases.births * study.after):
                births = self.bases.births
                sums.append((births * study.after, -births * study.during * self._waiting(t, study)))
            errors = nb.standard_errors(means, t, self.seed, stream, sums, source)
            which = nb.which(t)
            remark = pattern_remark(means, which)
            found.append(_Fitted(float(nb.gain(means, t).mean()), tuple(errors), means.quality(which)["r2"], remark))
        return found

    def _statistics(self, name: str, size: Size) -> list[np.ndarray]:
        return statistics(self.data[name], size, self.draws, self.seed)
