"""Deterministic analyses of simulated children: the same luck in every run, and few runs."""

import numpy as np
import pytest
from simulated import write_simulated

import nbsmodel


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    path = write_simulated(tmp_path_factory.mktemp("children"), individuals="individuals: 300")
    sets = [
        "analyses.one_way={parameters: [h_ill, p_late], settings: {discount_rate_costs: [0, 0.06]}}",
        "analyses.value_based_price=[c_drug]",
        "analyses.break_even=[{name: c_drug, between: [0, 100000]}]",
        "analyses.price_surface={x: c_drug, y: c_ill, from: 0, to: 4000, steps: 6}",
    ]
    told = []
    made = nbsmodel.run(path, sets, write=False, step=lambda *words: told.append(words))
    return made, told


def single(scenario, overrides, settings=None):
    result = nbsmodel.evaluate(
        scenario.model, overrides=scenario.overrides | overrides, choices=scenario.choices,
        settings=scenario.settings.as_written() | (settings or {}), engine="microsimulation",
        individuals=scenario.individuals, seed=scenario.seed,
    )  # fmt: skip
    return {o: result.total(o, "screening")[0] - result.total(o, "usual")[0] for o in ("cost", "qaly")}


def test_bars_equal_two_single_simulations(output):
    made, _ = output
    table = made.tables["tornado"]
    table = table[table["threshold"] == 20_000].set_index("parameter")
    for end in ("low", "high"):
        late = table.loc["p_late"]
        early = float(late[f"with_{end}"].partition("=")[2])
        for name, overrides, settings in (
            ("h_ill", {"h_ill": table.loc["h_ill", end]}, {}),
            ("p_late", {"p_late": late[end], "p_early": early}, {}),
            ("discount_rate_costs", {}, {"discount_rate_costs": table.loc["discount_rate_costs", end]}),
        ):
            found = single(made.scenario, overrides, settings)
            assert table.loc[name, f"inc_cost_{end}"] == found["cost"]
            assert table.loc[name, f"inc_effect_{end}"] == found["qaly"]


def test_prices_are_exact_for_these_children(output):
    made, _ = output
    price = made.tables["value_based_price"].iloc[0]
    found = single(made.scenario, {"c_drug": price["price"]} if price["price"] >= 0 else {"c_drug": 0.0})
    inmb = price["threshold"] * found["qaly"] - found["cost"]
    assert inmb == pytest.approx(0 if price["price"] >= 0 else price["inmb_at_zero"], abs=1e-9)
    root = made.tables["threshold"].iloc[0]
    if price["status"] == "price" and price["price"] <= 100_000:
        assert root["value"] == pytest.approx(price["price"], rel=1e-9)


def test_a_surface_takes_few_simulations_and_is_that_of_single_ones(output):
    made, told = output
    table = made.tables["price_surface"]
    assert len(table) == 36 * 2
    for row in table[table["threshold"] == 20_000].iloc[[0, 8, 35]].to_dict("records"):
        found = single(made.scenario, {"c_drug": row["x"], "c_ill": row["y"]})
        assert row["inc_cost"] == pytest.approx(found["cost"], rel=1e-9)
        assert row["inc_effect"] == pytest.approx(found["qaly"], rel=1e-9)
    runs = [words for words in told if words[0] == "price surface" and words[1] < words[2]]
    assert len(runs) == 6  # four corners and two points to check that they tell everything


def test_progress_is_told(output):
    _, told = output
    steps = [words for words in told if words[0] == "one-way analysis"]
    assert (steps[0][1], steps[0][2]) == (0, 5) and np.all(np.diff([s[1] for s in steps[:6]]) == 1)


def test_the_report_says_what_simulation_adds(output):
    from nbsmodel.report.sections.one_way import one_way_section

    made, _ = output
    text = " ".join(one_way_section(made.scenario, made.tables).paragraphs)
    assert "simulates the same 300 children with the same luck" in text
