"""One-way analysis and prices of the SMA models: the published Dutch table, and what must hold in the UK."""

import functools
from pathlib import Path

import numpy as np
import pytest

import nbsmodel

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "sma"
COMPARISONS = (("onasemnogene", "bsc"), ("nusinersen", "bsc"), ("onasemnogene", "nusinersen"))

#: ICERs of the three comparisons from an expected-value rewrite of the authors' published R scripts (Broekhoff and
#: others 2021, Value in Health 24:760-769), rounded to a euro, by what is changed and to what.
BASE = (138_984, 654_719, 53_842)
TABLE = {
    ("discount_rate_costs", 0): (256_051, 1_181_164, 103_325),
    ("discount_rate_costs", 0.08): (111_330, 474_831, 51_320),
    ("discount_rate_outcomes", 0): (84_019, 446_704, 31_948),
    ("discount_rate_outcomes", 0.03): (206_847, 898_663, 81_263),
    ("c_onasemnogene", 1_500_000): (116_545, 654_719, 27_699),
    ("c_onasemnogene", 2_500_000): (161_423, 654_719, 79_985),
    ("c_nusinersen_dose", 62_475): (138_984, 501_876, 79_075),
    ("c_nusinersen_dose", 104_125): (138_984, 807_561, 28_610),
    ("u_nonsitter", 0.714): (139_003, 667_168, 53_686),
    ("u_nonsitter", 0.753): (138_964, 642_107, 54_008),
    ("u_sitter", 0.721): (142_313, 690_646, 54_867),
    ("u_sitter", 0.783): (135_807, 622_344, 52_856),
    ("u_walker", 0.821): (144_775, 654_719, 56_474),
    ("u_walker", 0.993): (128_605, 654_719, 49_215),
    ("u_ventilated", 0.714): (138_306, 638_471, 53_761),
    ("u_ventilated", 0.753): (139_704, 672_740, 53_928),
    ("factor on c_nonsitter_treated c_nonsitter_bsc", 0.75): (138_911, 630_636, 57_733),
    ("factor on c_nonsitter_treated c_nonsitter_bsc", 1.25): (139_057, 678_801, 49_952),
    ("factor on c_sitter_treated", 0.75): (123_317, 619_880, 41_340),
    ("factor on c_sitter_treated", 1.25): (154_651, 689_557, 66_344),
    ("factor on c_walker_treated", 0.75): (132_524, 654_719, 46_316),
    ("factor on c_walker_treated", 1.25): (145_444, 654_719, 61_368),
    ("factor on c_ventilation", 0.75): (148_892, 704_591, 57_152),
    ("factor on c_ventilation", 1.25): (129_076, 604_847, 50_532),
}


@functools.cache
def netherlands():
    return nbsmodel.run(CONFIGS / "broekhoff2021_nl_one_way.yaml", write=False).tables


def test_the_published_one_way_table_within_a_euro():
    """The base case and 12 changes to two ends each: 13 rows, 3 ratios in each cell of the table."""
    table = netherlands()["tornado"]
    assert len(TABLE) == 24 and len({name for name, _ in TABLE}) == 12
    one = table[table["threshold"] == 80_000].set_index(["parameter", "strategy", "against"])
    worst = 0.0
    for (name, value), ratios in TABLE.items():
        for pair, published in zip(COMPARISONS, ratios, strict=True):
            row = one.loc[(name, *pair)]
            end = "low" if row["low"] == value else "high"
            assert row[end] == value
            worst = max(worst, abs(row[f"icer_{end}"] - published))
    for pair, published in zip(COMPARISONS, BASE, strict=True):
        found = one.xs(pair, level=("strategy", "against"))["icer_base"]
        worst = max(worst, float((found - published).abs().max()))
    assert worst <= 0.51  # the targets are rounded to a euro
    assert len(one) == 12 * 3


def test_the_published_threshold_price_within_a_euro():
    """Price and administration together, at 80,000 euros a QALY against best supportive care."""
    prices = netherlands()["value_based_price"]
    row = prices[(prices["strategy"] == "onasemnogene") & (prices["threshold"] == 80_000)].iloc[0]
    administration = 1336.11
    assert row["price"] + administration == pytest.approx(687_000.45, abs=0.01)
    solved = netherlands()["threshold"]
    row = solved[solved["threshold"] == 80_000].iloc[0]
    assert row["value"] == pytest.approx(687_000.45, abs=0.01)
    assert abs(row["inmb_at_value"]) < 1e-3


@functools.cache
def uk():
    sets = [
        "analyses.one_way=true",
        "analyses.break_even=[c_test, p_birth_prevalence, discount_risdiplam]",
        "analyses.value_based_price=[c_test]",
    ]
    return nbsmodel.run(CONFIGS / "uk_base_case.yaml", sets, write=False)


def test_what_the_scenario_does_not_use_has_no_bar():
    table = uk().tables["tornado"].drop_duplicates("parameter").set_index("parameter")
    unused = [n for n in table.index if n.endswith(("_malone", "_lloyd"))]
    assert len(unused) == 8 and (table.loc[unused, "width"] == 0).all()
    assert (table.drop(unused)["width"].head(20) > 0).all()


def test_a_dearer_test_is_worth_less_by_its_price():
    row = uk().tables["tornado"].query("parameter == 'c_test' and threshold == 20000").iloc[0]
    assert row["inmb_low"] - row["inmb_high"] == pytest.approx(row["high"] - row["low"], rel=1e-9)


def test_at_the_break_even_values_a_single_run_gives_zero_per_case():
    output = uk()
    model, births = output.scenario.model, 1e-4
    found = output.tables["threshold"]
    roots = found[found["status"] == "break-even"]
    assert len(roots) >= 8
    for row in roots.to_dict("records"):
        result = nbsmodel.evaluate(
            model, settings=output.scenario.settings.as_written(), overrides={row["name"]: row["value"]}
        )
        nb = [row["threshold"] * result.total("qaly", s)[0] - result.total("cost", s)[0]
              for s in ("no_screening", "screening")]  # fmt: skip
        assert abs(nb[1] - nb[0]) / births < 1  # a pound per child with the condition
        assert abs(nb[1] - nb[0]) < 1e-9 * abs(nb[1])


def test_the_price_of_the_test_is_what_screening_saves():
    row = uk().tables["value_based_price"].query("threshold == 20000").iloc[0]
    assert row["price"] == pytest.approx(row["price_in_force"] + row["inmb_in_force"], rel=1e-9)


def test_limits_stay_legal():
    table = uk().tables["tornado"]
    legal = {"probability": (0, 1), "utility": (-1, 1), "GBP": (0, np.inf), "EUR": (0, np.inf)}
    for unit, (low, high) in legal.items():
        rows = table[table["unit"] == unit]
        assert (rows["low"] >= low).all() and (rows["high"] <= high).all() and (rows["low"] < rows["high"]).all()
