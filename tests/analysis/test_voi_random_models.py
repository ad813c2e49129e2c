"""Over random models: 0 <= EVSI <= EVPPI <= EVPI, and knowing more is worth no less."""

import math

import numpy as np
import pytest
from voi_models import frame, sample_from

from nbsmodel.analysis.evppi import ALL, evppi_table
from nbsmodel.analysis.evsi import ALL as ALL_DATA
from nbsmodel.analysis.evsi import Design, StudyValues
from nbsmodel.analysis.net_benefit_of_sampling import Study
from nbsmodel.analysis.parameter_sets import ParameterSet
from nbsmodel.analysis.study_data import Data, Size
from nbsmodel.analysis.voi import NetBenefits

DRAWS, MODELS = 1500, 50


def random_parameters(rng):
    """Two to five parameters of unlike distributions; the first is a probability."""
    makers = [
        lambda: rng.gamma(rng.uniform(0.5, 8), rng.uniform(0.2, 3), DRAWS),
        lambda: rng.normal(rng.normal(), rng.uniform(0.1, 3), DRAWS),
        lambda: np.exp(rng.normal(0, rng.uniform(0.1, 1.2), DRAWS)),
        lambda: rng.choice(rng.normal(size=rng.integers(2, 6)), DRAWS),
        lambda: rng.uniform(-1, 1, DRAWS),
    ]
    first = rng.beta(rng.uniform(0.5, 6), rng.uniform(0.5, 30), DRAWS)
    return [first, *(makers[rng.integers(len(makers))]() for _ in range(rng.integers(1, 5)))]


def random_net_benefit(rng, columns):
    """A sum of straight, curved and multiplied parts, and of noise that nobody can know."""
    z = [(c - c.mean()) / c.std() for c in columns]
    parts = [rng.normal() * x for x in z]
    parts += [rng.normal() * 0.5 * f(x) for x in z for f in (np.abs, np.tanh, np.square) if rng.random() < 0.3]
    parts += [rng.normal() * 0.5 * a * b for a in z for b in z if a is not b and rng.random() < 0.2]
    return rng.normal() * 0.7 + sum(parts) + rng.choice([0.0, 0.3, 2.0]) * rng.normal(size=DRAWS)


@pytest.mark.parametrize("first", range(0, MODELS, 10))
def test_limits_hold_in_every_random_model(first):
    for seed in range(first, first + 10):
        rng = np.random.default_rng(seed)
        columns = random_parameters(rng)
        draws = frame(**{f"x{i}": c for i, c in enumerate(columns)})
        others = [random_net_benefit(rng, columns) for _ in range(rng.integers(1, 4))]
        sample = sample_from(np.zeros(DRAWS), *others)
        names = list(draws.columns)
        sets = [ParameterSet(n, n, (n,)) for n in names]
        chain = [ParameterSet(f"first {i}", "", tuple(names[:i])) for i in range(2, len(names))]
        value = evppi_table(sample, draws, [*sets, *chain], [1.0]).set_index("set")["evppi"]
        nested = [value["x0"], *(value[s.name] for s in chain), value[ALL]]
        assert 0 <= nested[0] and nested == sorted(nested)
        for i, one in enumerate(names):
            for s in chain:
                assert one not in s.members or value[one] <= value[s.name]
            assert 0 <= value[names[i]] <= value[ALL]
        items = [
            Data("counted", "", "counts", ParameterSet("x0", "", ("x0",))),
            Data("measured", "", "mean", ParameterSet("x1", "", ("x1",))),
        ]
        spread = float(draws["x1"].std())
        designs = [
            Design(f"n{n}", {}, {"counted": Size(float(n)), "measured": Size(float(n), 3 * spread)},
                   Study(1.0, math.nan, math.nan))
            for n in (3, 30, 300)
        ]  # fmt: skip
        values = StudyValues(sample, draws, items, [1.0])
        limits = values.limits().set_index("data")["evppi"]
        table = values.table(designs)
        table = table[table["data"] != ""]
        assert (table["evsi"] >= 0).all()
        assert (table["evsi"] <= table["data"].map(limits)).all()
        assert limits[ALL_DATA] <= NetBenefits(sample, [1.0]).evpi[0].value
        for _, part in table.groupby("data"):
            found = part.set_index("design").loc[["n3", "n30", "n300"]]
            slack = 2 * found["se"].max() + 1e-12
            assert (np.diff(found["evsi"]) > -slack).all()
        # what was done to hold the limits is small beside the errors
        moved = (table["estimate"] - table["evsi"]).abs()
        assert (moved <= 3 * table["se"] + 1e-9).all()
