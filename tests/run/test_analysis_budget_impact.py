"""Budget impact of scenarios: against a slow route of its own, and what must hold for any."""

import functools
import tempfile
from pathlib import Path

import numpy as np
import pytest
from budget_models import slowly, write_budget

import nbsmodel
from nbsmodel.config.scenario import load_scenario
from nbsmodel.errors import InputError
from nbsmodel.run.analyses import check_analyses
from nbsmodel.run.budget_draws import PSA_COLUMNS
from nbsmodel.run.budget_tables import COLUMNS, COUNT_COLUMNS, SET_UP_COLUMNS, SUMMARY_COLUMNS, TEST_COLUMNS

ROOT = Path(__file__).resolve().parents[2]
BIRTHS = [1000, 1200, 900, 1100, 800, 1000]
ROLL = [0.25, 0.5, 1, 1, 0.75, 1]
BLOCK = f"{{years: 6, births: {BIRTHS}, roll_out: {{default: {ROLL}, twice: 0.1}}}}"
SET_UP = (
    "set_up: [{label: Machines, amount: 900, years: [1, 3], strategies: first},"
    " {label: Closed office, amount: -40, saving: true, years: every, strategies: [first, twice], component: test},"
    " {label: Schools, amount: 11, years: 2, strategies: twice, payer: education}]"
)


@functools.cache
def tables(block=BLOCK, more="", *edits):
    with tempfile.TemporaryDirectory() as folder:
        return nbsmodel.run(write_budget(Path(folder), block, more, *edits), write=False).tables


def line(table, column="amount", **wanted):
    """Values by year."""
    for key, value in wanted.items():
        table = table[table[key] == value]
    assert list(table["year"]) == list(range(1, len(table) + 1))
    return table[column].to_numpy()


def shifted(by_age, entering):
    """Sum over cohorts, each of which ages from its own birth."""
    years = len(entering)
    return [sum(entering[c] * by_age[k - c] for c in range(k + 1)) for k in range(years)]


# --- against the slow route


@pytest.mark.parametrize("component", ["test", "recall", "care", "drug"])
@pytest.mark.parametrize("strategy", ["first", "twice"])
def test_every_year_is_the_sum_over_cohorts_by_hand(component, strategy):
    table = tables()["budget_impact"]
    share = np.array(ROLL if strategy == "first" else [0.1] * 6)
    new, old = slowly(strategy)[component], slowly("usual")[component]
    without = shifted(old, BIRTHS)
    with_new = np.add(shifted(new, share * BIRTHS), shifted(old, (1 - share) * BIRTHS))
    which = {"strategy": strategy, "component": component}
    np.testing.assert_allclose(line(table, world="without", **which), without, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(line(table, world="with", **which), with_new, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(line(table, world="difference", **which), with_new - without, rtol=1e-9, atol=1e-8)


def test_events_by_hand():
    table = tables()["budget_impact_counts"]
    new, old = slowly("first")["admission"], slowly("usual")["admission"]
    found = line(table, "difference", strategy="first", item="admission")
    np.testing.assert_allclose(found, shifted(np.subtract(new, old), np.multiply(ROLL, BIRTHS)), rtol=1e-9)
    positives = line(table, "with", strategy="first", item="true_positive")
    np.testing.assert_allclose(positives, 0.01 * np.multiply(ROLL, BIRTHS))
    assert line(table, "without", strategy="first", item="births").tolist() == BIRTHS
    assert not line(table, "difference", strategy="first", item="cases").any()


def test_other_payers_stand_apart():
    table, sums = tables()["budget_impact"], tables()["budget_impact_summary"]
    school = line(table, strategy="first", component="school", world="difference")
    by_age = np.subtract(slowly("first")["school"], slowly("usual")["school"])
    np.testing.assert_allclose(school, shifted(by_age, np.multiply(ROLL, BIRTHS)), rtol=1e-9, atol=1e-9)
    assert not table[table["component"] == "school"]["headline"].any()
    np.testing.assert_allclose(line(sums, "difference", strategy="first", payer="education"), school, rtol=1e-12)
    headline = table[table["headline"] & (table["strategy"] == "first") & (table["world"] == "difference")]
    assert set(headline["payer"]) == {"health_system"}
    np.testing.assert_allclose(
        headline.groupby("year")["amount"].sum(), line(sums, "difference", strategy="first", headline=True), rtol=1e-12
    )


def test_a_cohort_of_a_later_year_ages_from_its_own_birth():
    """heemod #339: late entrants began anew. A cost at age 2 falls due two years after each birth."""
    edit = ("model/model.yaml", "value: 300 * treated, per: year", "value: 1000 if 2 <= age < 3 else 0, per: cycle")
    still = ("model/model.yaml", "hazard: (0.3 + 0.1 * age) / (1 + treated)", "hazard: 0")
    whole = ("model/model.yaml", "- {length: 1 month, count: 24}\n", "- {length: 6 months, until: 1 year}\n")
    free = ("model/model.yaml", "value: 70 * treated", "value: 0 * treated")
    at_once = ("model/model.yaml", "start: well, delay: 0.5, with: {treated: 0}", "start: well, with: {treated: 0}")
    found = tables("{years: 5, births: [100, 200, 300, 400, 500]}", "", edit, still, whole, free, at_once)
    paid = line(found["budget_impact"], strategy="first", component="drug", world="without")
    assert paid.tolist() == pytest.approx([0, 0, 1000 * 0.01 * 100, 1000 * 0.01 * 200, 1000 * 0.01 * 300])


# --- what must hold for any


def test_components_and_worlds_add_up():
    found = tables(BLOCK[:-1] + f", {SET_UP}}}")
    table, sums = found["budget_impact"], found["budget_impact_summary"]
    assert list(table.columns) == COLUMNS and list(sums.columns) == SUMMARY_COLUMNS
    assert list(found["budget_impact_counts"].columns) == COUNT_COLUMNS
    for strategy in ("first", "twice"):
        for world in ("without", "with", "difference"):
            part = table[(table["strategy"] == strategy) & (table["world"] == world) & table["headline"]]
            by_year = part.groupby("year")["amount"].sum()
            np.testing.assert_allclose(by_year, line(sums, world, strategy=strategy, headline=True), rtol=1e-12)
        rows = sums[(sums["strategy"] == strategy) & sums["headline"]]
        np.testing.assert_allclose(rows["with"] - rows["without"], rows["difference"], atol=1e-9)
        np.testing.assert_allclose(rows["cumulative"], rows["difference"].cumsum(), rtol=1e-12)


def test_set_up_costs_belong_to_the_strategies_and_years_named():
    plain, found = tables(), tables(BLOCK[:-1] + f", {SET_UP}}}")
    assert list(found["budget_impact_set_up"].columns) == SET_UP_COLUMNS
    table = found["budget_impact"]
    assert line(table, strategy="first", component="set-up", world="difference").tolist() == [900, 0, 900, 0, 0, 0]
    assert not line(table, strategy="first", component="set-up", world="without").any()
    assert set(table[(table["strategy"] == "twice") & (table["component"] == "set-up")]["payer"]) == {"education"}
    which = {"strategy": "twice", "component": "test", "world": "difference"}
    np.testing.assert_allclose(line(table, **which), line(plain["budget_impact"], **which) - 40)


def test_no_roll_out_no_difference():
    found = tables("{years: 4, roll_out: 0}")
    table = found["budget_impact"]
    assert (table[table["world"] == "difference"]["amount"] == 0).all()
    assert (found["budget_impact_summary"]["difference"] == 0).all()
    assert (found["budget_impact_summary"]["with"] == found["budget_impact_summary"]["without"]).all()
    assert (found["budget_impact_counts"]["difference"] == 0).all()


def test_twice_the_births_twice_the_budget():
    one, two = (tables(f"{{years: 4, births: {n}}}")["budget_impact"]["amount"] for n in (1000, 2000))
    np.testing.assert_allclose(two, 2 * one, rtol=1e-13)


def test_births_are_those_of_the_model_unless_others_are_given():
    by_model, given = tables("{years: 3}"), tables("{years: 3, births: [1000, 1000, 1000, 7]}")
    for name in ("budget_impact", "budget_impact_summary", "budget_impact_counts"):
        assert by_model[name].equals(given[name])
    more = tables("{years: 3}", "overrides: {births: 500}\n")["budget_impact_summary"]
    np.testing.assert_allclose(more["without"], by_model["budget_impact_summary"]["without"] / 2)


@pytest.mark.parametrize("years", [1, 2, 5])
def test_a_shorter_horizon_is_the_beginning_of_a_longer_one(years):
    short = tables(f"{{years: {years}, births: {BIRTHS}, roll_out: {ROLL}}}")
    long = tables(f"{{years: 6, births: {BIRTHS}, roll_out: {ROLL}}}")
    for name in ("budget_impact", "budget_impact_summary"):
        part = long[name][long[name]["year"] <= years].reset_index(drop=True)
        assert short[name].equals(part)


def test_ten_years_add_up_to_the_undiscounted_outcomes_of_one_cohort():
    """One cohort alone, of one child, over all the years that the model has: its undiscounted cost."""
    lasts = ("model/model.yaml", "until: 12 years", "until: 9 years")
    found = tables("{years: 10, births: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]}", "", lasts)
    outcomes = found["outcomes"]
    of_usual = outcomes[(outcomes["strategy"] == "usual") & (outcomes["outcome"] == "cost") & ~outcomes["discounted"]]
    table = found["budget_impact"]
    for row in of_usual.to_dict("records"):
        mine = line(table, strategy="first", world="without", component=row["component"])
        assert mine.sum() == pytest.approx(row["value"], rel=1e-10, abs=1e-12)


def test_one_strategy_can_be_asked_for():
    found = tables("{years: 2, strategy: twice, test: {amount: 5}}")
    assert set(found["budget_impact"]["strategy"]) == {"twice"} == set(found["budget_impact_test"]["strategy"])


@pytest.mark.parametrize(("amount", "exceeded"), [(1e9, False), (1.0, True)])
def test_the_test_looks_at_the_largest_of_the_first_years(amount, exceeded):
    found = tables(f"{{years: 6, births: {BIRTHS}, roll_out: {ROLL}, test: {{amount: {amount}}}}}")
    assert list(found["budget_impact_test"].columns) == TEST_COLUMNS
    sums = found["budget_impact_summary"]
    for row in found["budget_impact_test"].to_dict("records"):
        early = line(sums, "difference", strategy=row["strategy"], headline=True)[:3]
        assert (row["years"], row["largest_year"]) == (3, 1 + early.argmax())
        assert row["largest"] == early.max() and row["exceeded"] == exceeded


def test_the_test_covers_a_short_horizon_as_far_as_it_goes():
    assert list(tables("{years: 2, test: 7}")["budget_impact_test"]["years"]) == [2, 2]


def test_headline_of_several_payers():
    sums = tables("{years: 3}", "settings: {perspectives: [health_system, education]}\n")["budget_impact_summary"]
    assert set(sums["payer"]) == {"health_system + education"} and sums["headline"].all()
    apart = tables("{years: 3}")["budget_impact_summary"]
    both = [line(apart, "difference", strategy="first", payer=p) for p in ("health_system", "education")]
    np.testing.assert_allclose(line(sums, "difference", strategy="first"), both[0] + both[1], rtol=1e-12)


# --- what is refused


def refused(folder, block, more="", *edits):
    with pytest.raises(InputError) as info:
        check_analyses(load_scenario(write_budget(folder, block, more, *edits)))
    return str(info.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    block = (
        "{years: 4, strategy: frist, births: [1, 2], roll_out: {first: [0.5, 1], usual: 1, thrice: 1},"
        " set_up: [{label: a, amount: 1, years: 5, strategies: [usual, twic], payer: schools, component: tests}],"
        " test: {amount: 1, years: 5}}"
    )
    found = refused(tmp_path, block, "settings: {horizon: 2 years}\n")
    for text in (
        "strategy: no strategy is named frist. Did you mean first?",
        "births: births of 2 years do not reach over 4",
        "roll_out.first: shares of 2 years do not reach over 4",
        "roll_out.usual: usual is the comparator",
        "roll_out.thrice: thrice is no strategy",
        "set_up[1].strategies: usual is the comparator",
        "set_up[1].strategies: no strategy is named twic. Did you mean twice?",
        "set_up[1].payer: no perspective is named schools",
        "set_up[1].component: no cost of the model has the component tests. Did you mean test?",
        "set_up[1].years: year 5 lies beyond the 4 of the budget",
        "test.years: the test looks at 5 years, the budget at 4",
        "years: settings.horizon ends every cohort after 2 years",
    ):
        assert f"config.yaml:5 analyses.budget_impact.{text}" in found, text
    assert len(found.splitlines()) == 12


def test_a_model_without_births_needs_them_from_the_config(tmp_path):
    without = ("model/model.yaml", "    births_per_year: births\n".strip(" "), "")
    found = refused(tmp_path, "{years: 2}", "", without)
    assert "the model has no births_per_year" in found and "Give `births`" in found
    assert len(nbsmodel.run(write_budget(tmp_path, "{years: 2, births: 7}", "", without), write=False).tables)


def test_simulated_children_are_refused(tmp_path):
    assert "not followed by calendar year" in refused(tmp_path, "true", "engine: microsimulation\nindividuals: 10\n")


def test_the_shipped_example_runs():
    found = nbsmodel.run(ROOT / "configs" / "sma" / "uk_budget_impact.yaml", write=False).tables
    sums = found["budget_impact_summary"]
    sums = sums[sums["headline"]]
    assert len(sums) == 5 and (sums["births_new"] <= sums["births"]).all()
    assert set(found["budget_impact_set_up"]["status"]) == {"placeholder"}
    programme = found["programme"].set_index("quantity")
    counts = found["budget_impact_counts"].set_index(["item", "year"])
    assert counts.loc[("true_positive", 5), "with"] == pytest.approx(
        programme.loc["Cases found by screening", "screening"]
    )


# --- over draws

UNCERTAIN = (
    ("model/parameters.csv", "5,GBP,,ours", '5,GBP,"gamma(mean=5, se=1)",ours'),
    ("model/parameters.csv", "1000,count,,ours", '1000,count,"gamma(mean=1000, se=50)",ours'),
)


def test_draws_are_single_budgets():
    more = "  psa: {draws: 60}\n"
    block = "{years: 3, roll_out: [0.5, 1, 1], test: {amount: 21000, years: 2}}\n" + more.rstrip("\n")
    with tempfile.TemporaryDirectory() as folder:
        output = nbsmodel.run(write_budget(Path(folder), block, "", *UNCERTAIN), write=False)
        found, draws = output.tables["budget_impact_psa"], output.psa.draws
        each = []
        for row in draws.head(5).to_dict("records"):
            config = write_budget(Path(folder), block.partition("\n")[0], f"overrides: {row}\n", *UNCERTAIN)
            sums = nbsmodel.run(config, write=False).tables["budget_impact_summary"]
            each.append(line(sums, "difference", strategy="first", headline=True))
    assert list(found.columns) == PSA_COLUMNS and set(found["draws"]) == {60}
    by_hand = []
    for test, births in zip(draws["c_test"], draws["births"], strict=True):
        by_age = {name: np.array(v[:3]) for name, v in slowly("first").items() if name not in ("school", "admission")}
        by_age["test"] = by_age["test"] * test / 5
        old = sum(np.array(slowly("usual")[name][:3]) for name in by_age)
        by_hand.append(shifted(sum(by_age.values()) - old, births * np.array([0.5, 1, 1])))
    np.testing.assert_allclose(each, by_hand[:5], rtol=1e-9)
    first = found[found["strategy"] == "first"]
    np.testing.assert_allclose(first["mean"], np.mean(by_hand, axis=0), rtol=1e-9)
    np.testing.assert_allclose(first["low95"], np.quantile(by_hand, 0.025, axis=0), rtol=1e-9)
    so_far = np.cumsum(by_hand, axis=1)
    np.testing.assert_allclose(first["cumulative_high95"], np.quantile(so_far, 0.975, axis=0), rtol=1e-9)
    above = (np.array(by_hand) > 21000).mean(axis=0)
    assert first["above_test"].tolist()[:2] == above[:2].tolist() and np.isnan(first["above_test"].iloc[2])


def test_alternatives_are_drawn_as_they_are_weighted():
    block = (
        "{years: 2, strategy: first, births: 100}\n"
        "  psa: {draws: 40, alternatives: {dear: {weight: 1, overrides: {c_test: 50}}, cheap: {weight: 1}}}"
    )
    with tempfile.TemporaryDirectory() as folder:
        output = nbsmodel.run(write_budget(Path(folder), block, "", *UNCERTAIN), write=False)
    draws = output.psa.draws
    test = np.where(draws["alternative"] == "dear", 50, draws["c_test"])
    base = output.tables["budget_impact"]
    rest = base[
        (base["world"] == "difference") & base["headline"] & (base["component"] != "test") & (base["year"] == 1)
    ]
    mean = output.tables["budget_impact_psa"]["mean"].iloc[0]
    assert mean == pytest.approx(100 * test.mean() + rest["amount"].sum(), rel=1e-9)


def test_set_up_costs_do_not_vary():
    block = "{{years: 2, births: 100, strategy: first{}}}\n  psa: {{draws: 10}}"
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            nbsmodel.run(write_budget(Path(folder), block.format(more), "", *UNCERTAIN), write=False).tables
            for more in (
                "",
                ", set_up: [{label: a, amount: 7, years: 2, strategies: first},"
                " {label: b, amount: 90, years: every, strategies: first, payer: education}]",  # not in the headline
            )
        ]
    plain, more = (found["budget_impact_psa"] for found in runs)
    np.testing.assert_allclose(more["low95"] - plain["low95"], [0, 7], atol=1e-9)
    np.testing.assert_allclose(more["cumulative"] - plain["cumulative"], [0, 7], atol=1e-9)
