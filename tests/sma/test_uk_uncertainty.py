"""Uncertainty of the UK analyses: what the shipped configs say, and that it hangs together."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import nbsmodel

ROOT = Path(__file__).resolve().parents[2]
LIST, OPEN = "configs/sma/uk_uncertainty.yaml", "configs/sma/uk_ise_prices.yaml"
OFF = [
    f"analyses.{key}=null" for key in ("evppi", "evsi", "one_way", "two_way", "break_even", "sobol", "morris", "pawn")
]
QUICK = ["analyses.psa.draws=2000", *OFF, "analyses.price_surface.steps=5"]


@cache
def run(config, *sets):
    return nbsmodel.run(ROOT / config, [*QUICK, *sets], write=False)


def at(table, threshold, **where):
    rows = table[table["threshold"] == threshold]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    (row,) = rows.to_dict("records")
    return row


def test_at_list_prices_the_decision_is_next_to_certain_and_open_near_break_even():
    sure = at(run(LIST).tables["ceac"], 20000, strategy="screening")
    unsure = at(run(OPEN).tables["ceac"], 20000, strategy="screening")
    assert sure["probability"] > 0.98 and 0.4 < unsure["probability"] < 0.6
    value = [at(run(c).tables["evpi"], 20000)["per_year"] for c in (LIST, OPEN)]
    assert value[0] < 100_000 < 1_000_000 < value[1]


def test_prices_do_not_change_the_effects():
    assert np.array_equal(run(LIST).psa.sample.effect, run(OPEN).psa.sample.effect)
    assert run(LIST).psa.refused.empty and run(OPEN).psa.refused.empty


def test_the_surface_at_the_base_prices_is_the_probabilistic_analysis():
    output = run(LIST)
    table = output.tables["price_surface"]
    corner = table[(table["x"] == 0) & (table["y"] == 0)]
    for threshold in (20000, 35000):
        row = at(corner, threshold)
        ceac = at(output.tables["ceac"], threshold, strategy="screening")
        assert row["probability"] == ceac["probability"]
        base = output.tables["net_benefit"]
        inmb = at(base, threshold, strategy="screening")["inc_nmb"]
        assert row["inmb"] == pytest.approx(inmb, rel=1e-9)


def test_dearer_gene_therapy_and_cheaper_rivals_speak_against_screening():
    table = run(LIST).tables["price_surface"]
    grid = table[table["threshold"] == 20000].pivot(index="y", columns="x", values="inmb").to_numpy()
    assert (np.diff(grid, axis=1) > 0).all() and (np.diff(grid, axis=0) < 0).all()
    assert grid[0, 0] > 0 > grid[-1, 0]


def test_an_incidence_of_one_in_14000_scales_what_is_gained():
    fewer = run(LIST, "overrides.p_birth_prevalence=0.0000714")
    summary = [o.tables["psa_summary"] for o in (run(LIST), fewer)]
    gained = []
    for table in summary:
        rows = table[(table["per"] == "birth") & (table["quantity"] == "qaly") & (table["against"] == "no_screening")]
        gained.append(rows["mean"].item())
    assert gained[1] / gained[0] == pytest.approx(0.714, rel=0.01)
    assert "p_birth_prevalence" not in fewer.psa.draws


@pytest.mark.slow
@pytest.mark.parametrize("config", [LIST, OPEN])
def test_the_whole_config_runs_and_its_values_are_in_order(config, tmp_path):
    output = nbsmodel.run(
        ROOT / config, ["analyses.psa.draws=2000", "analyses.sobol.base_samples=64"], out=tmp_path / "o"
    )
    evpi = at(output.tables["evpi"], 20000)["evpi"]
    evppi, evsi = (output.tables[name] for name in ("evppi", "evsi"))
    singles = evppi[evppi["threshold"] == 20000]
    assert (singles["evppi"] >= 0).all() and (singles["evppi"] <= evpi * (1 + 1e-9)).all()
    limits = output.tables["evsi_limits"].set_index(["threshold", "data"])["evppi"]
    for row in evsi[evsi["data"].notna() & (evsi["data"] != "")].to_dict("records"):
        limit = limits[row["threshold"], row["data"]] * (1 + 1e-9)
        assert 0 <= row["evsi"] <= limit <= at(output.tables["evpi"], row["threshold"])["evpi"] * (1 + 1e-6)
    assert (tmp_path / "o" / "report.html").stat().st_size > 100_000
