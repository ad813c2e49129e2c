"""Value of information against published figures and closed forms.

- Closed forms of the example model of the R package voi (Jackson C, voi 1.0.3, vignette) and of its toy model
  p1 + p2 (tests of voi), with what that package printed for 10,000 draws.
- Three strategies: dampack 1.0.2.1000, vignettes psa_analysis and voi (EVPPI by a GAM; EVSI by Gaussian
  approximation with a prior effective sample size of 50).
- Vaccine: results stored in BCEA 2.4.82 (tests/testthat/testdata/EVPPI_GAM_default.RData), 1,000 draws.
"""

import math

import numpy as np
import pandas as pd
import pytest
from sample_tables import as_sample, sample_table

from nbsmodel.analysis.evppi import evppi_table
from nbsmodel.analysis.evsi import Design, StudyValues
from nbsmodel.analysis.net_benefit_of_sampling import Study
from nbsmodel.analysis.parameter_sets import ParameterSet
from nbsmodel.analysis.sample import Sample
from nbsmodel.analysis.study_data import Data, Size

# k: EVPI, EVPPI of p1 and p2, EVSI of 10, 100 and 1,000 observations of p1
CLOSED = {
    1: (0.4798107063, 0.0833154706, 0.3955931148, 0.0723251203, 0.0821176056, 0.0831946061),
    2: (0.3992824567, 0.1666309412, 0.1666309412, 0.1446502405, 0.1642352112, 0.1663892122),
    3: (0.4094634160, 0.2499464118, 0.0586135875, 0.2169753608, 0.2463528168, 0.2495838183),
}
PRINTED_SE = 0.007093807  # of EVPPI of p1 at k = 1 by voi's GAM, 10,000 draws

EVPPI_THREE = {50_000: 5996.643, 100_000: 8213.325, 200_000: 13559.326, 300_000: 19051.567}
EVSI_THREE = {10: 1569.751, 20: 2468.848, 30: 3042.956, 40: 3448.69, 50: 3753.183, 60: 3991.067}
PARAMETERS = ["pFailChemo", "pFailRadio", "pFailSurg", "pDieSurg", "muDieCancer", "cChemo", "cRadio", "cSurg"]
OF_VACCINE = {
    15_000: 0.382960654972902, 20_000: 1.02423427372923, 20_400: 1.08406580607794, 25_000: 0.73742917425877,
    30_000: 0.501211000758701, 40_000: 0.250493477134022, 50_000: 0.145765023327616,
}  # fmt: skip


def sets_of(names):
    return [ParameterSet(n, n, (n,)) for n in names]


def frame(table):
    return pd.DataFrame(table).rename_axis("draw")


def of_net_benefit(nb):
    n = len(nb)
    return Sample(("a", "b"), 0, np.column_stack([np.zeros(n), -nb]), np.zeros((n, 2)), np.arange(n))


@pytest.mark.parametrize("k", CLOSED)
def test_the_normal_model_of_voi(k):
    rng = np.random.default_rng(100 + k)
    draws = frame({"p1": rng.normal(1, 1, 10_000), "p2": rng.normal(0, 2, 10_000)})
    sample = of_net_benefit((k * draws["p1"] - draws["p2"]).to_numpy())
    evpi, *evppi, n10, n100, n1000 = CLOSED[k]
    table = evppi_table(sample, draws, sets_of(["p1", "p2"]), [1.0]).set_index("set")
    for name, truth in zip(("all", "p1", "p2"), (evpi, *evppi), strict=True):
        assert abs(table.loc[name, "evppi"] - truth) < min(4 * table.loc[name, "se"], 0.04 if name == "all" else 0.03)
    assert k != 1 or table.loc["p1", "se"] == pytest.approx(PRINTED_SE, rel=0.25)
    data = [Data("p1", "p1", "mean", ParameterSet("p1", "p1", ("p1",)))]
    study = Study(1.0, math.nan, math.nan)
    designs = [Design(f"n{n}", {}, {"p1": Size(float(n), 1.0)}, study) for n in (10, 100, 1000)]
    found = StudyValues(sample, draws, data, [1.0]).table(designs).set_index("design")
    for name, truth in (("n10", n10), ("n100", n100), ("n1000", n1000)):
        assert abs(found.loc[name, "evsi"] - truth) < min(4 * found.loc[name, "se"], 0.03)


def test_the_toy_model_of_voi():
    rng = np.random.default_rng(1)
    draws = frame({"p1": rng.normal(0, 1, 10_000), "p2": rng.normal(0, 2, 10_000)})
    sample = of_net_benefit(draws.sum(axis=1).to_numpy())
    table = evppi_table(sample, draws, sets_of(["p1", "p2"]), [1.0]).set_index("set")
    for name, truth in (("all", 0.8920620581), ("p1", 0.3989422804), ("p2", 0.7978845608)):
        assert abs(table.loc[name, "evppi"] - truth) < min(4 * table.loc[name, "se"], 0.04)


def three_strategies():
    table = sample_table("psa_three_strategies.csv.gz")
    names = {"Chemo": "chemo", "Radio": "radio", "Surg": "surgery"}
    return as_sample(table, "*_Cost", "*_Eff", names, "chemo"), table[PARAMETERS].rename_axis("draw")


def test_evppi_of_the_three_strategies():
    sample, draws = three_strategies()
    both = ParameterSet("both", "both", ("pFailSurg", "pFailChemo"))
    table = evppi_table(sample, draws, [*sets_of(PARAMETERS), both], list(EVPPI_THREE))
    for threshold, published in EVPPI_THREE.items():
        part = table[table["threshold"] == threshold].set_index("set")
        assert part.loc["both", "evppi"] == pytest.approx(published, rel=0.01)  # 10% is called fair between methods
        assert part.loc["both", "evppi"] >= part.loc[["pFailSurg", "pFailChemo"], "evppi"].max()
        assert (part["remark"] == "").all()
        # every parameter enters the net benefit of a strategy, so none is left at nothing by the regression
        assert (part.loc[PARAMETERS, "r2"] > 1e-4).all()


def test_evsi_of_the_three_strategies():
    """Data that are a mean with a prior effective sample size of 50: variance 50 times that of the parameter."""
    sample, draws = three_strategies()
    names = ("pFailSurg", "pFailChemo")
    data = [Data(n, n, "mean", ParameterSet(n, n, (n,))) for n in names]
    designs = [
        Design(f"n{size}", {}, {n: Size(float(size), math.sqrt(50) * float(draws[n].std())) for n in names},
               Study(1.0, math.nan, math.nan))
        for size in EVSI_THREE
    ]  # fmt: skip
    found = StudyValues(sample, draws, data, [50_000.0]).table(designs)
    found = found[found["data"] == "all"]["evsi"].to_numpy()
    np.testing.assert_allclose(found, list(EVSI_THREE.values()), rtol=0.03)  # 15% is called fair between methods
    assert (np.diff(found) > 0).all()


def test_evppi_of_the_vaccine():
    table = sample_table("psa_vaccine.csv")
    names = {"statusquo": "status quo", "vaccination": "vaccination"}
    sample, draws = as_sample(table, "cost_*", "eff_*", names, "status quo"), table[["beta1", "beta2"]]
    # other parameters of that model are not in the table
    draws = draws.assign(other=np.random.default_rng(1).normal(size=len(draws))).rename_axis("draw")
    joint = ParameterSet("joint", "joint", ("beta1", "beta2"))
    table = evppi_table(sample, draws, [*sets_of(["beta1", "beta2"]), joint], list(OF_VACCINE))
    table = table.set_index(["threshold", "set"])
    for threshold, published in OF_VACCINE.items():
        row = table.loc[(threshold, "joint")]
        assert row["evppi"] == pytest.approx(published, rel=0.1)  # 25% is called fair
        assert table.loc[(threshold, "beta1"), "evppi"] <= row["evppi"] <= table.loc[(threshold, "all"), "evppi"]


@pytest.mark.parametrize(
    ("name", "strategies"),
    [("psa_chemo.csv.gz", ("soc", "novel")), ("psa_smoking.csv", ("none", "selfhelp", "individual", "group"))],
)
def test_other_published_tables_go_through(name, strategies):
    table = sample_table(name)
    sample = as_sample(table, "cost_*", "eff_*", {s: s for s in strategies}, strategies[0])
    draws = table[[c for c in table if not c.startswith(("eff_", "cost_"))]].rename_axis("draw")
    most = ParameterSet("most", "most", tuple(draws.columns[:-1]))
    found = evppi_table(sample, draws, [*sets_of(draws.columns), most], [250.0, 20_000.0, 30_000.0])
    assert len(found) == 3 * (len(draws.columns) + 2)
    assert np.isfinite(found[["evppi", "se"]]).all(axis=None)
    evpi = found[found["set"] == "all"].set_index("threshold")["evppi"]
    assert ((found["evppi"] >= 0) & (found["evppi"] <= found["threshold"].map(evpi))).all()
