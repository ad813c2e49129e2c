"""Currencies: what units say, what formulas are in, and costs in another currency than the model's."""

import itertools

import pytest
from helpers import PARAMETERS, write_complete
from hypothesis import given
from hypothesis import strategies as st

import nbsmodel
from nbsmodel.formula.parse import parse
from nbsmodel.model.load import load_model
from nbsmodel.model.money import Currencies, money_unit
from nbsmodel.model.units import currencies, is_amount, meant_unit

MORE = """\
rate,Rate,0.85,GBP per EUR,,ons,published,,
c_euro,A price,100,EUR,,ons,published,,
c_dollar,A price,1,USD,,ons,published,,
"""


def folder_with(folder, *edits):
    """The small model with an exchange rate and two prices in other money, after edits of its model file."""
    write_complete(folder, *(("model/model.yaml", old, new) for old, new in edits))
    file = folder / "model" / "parameters.csv"
    file.write_text("".join(f"{line.strip()}\n" for line in PARAMETERS.splitlines()) + MORE)
    return folder / "model"


def problems(folder, *edits):
    with pytest.raises(nbsmodel.InputError) as refused:
        load_model(folder_with(folder, *edits))
    return [str(p).replace(f"{folder}/", "") for p in refused.value.problems]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_model(folder_with(tmp_path_factory.mktemp("money")))


# --- units


@pytest.mark.parametrize(
    ("unit", "powers"),
    [
        ("GBP", {"GBP": 1}), ("GBP per vial", {"GBP": 1}), ("EUR a month", {"EUR": 1}), ("GBP/mg", {"GBP": 1}),
        ("GBP per EUR", {"GBP": 1, "EUR": -1}), ("GBP per GBP", {}), ("DEM", {"DEM": 1}),
        ("MRI scans", {}), ("EURO", {}), ("gbp", {}), ("ratio", {}), ("", {}), ("GBP2", {}), ("births", {}),
    ],
)  # fmt: skip
def test_currencies_of_a_unit(unit, powers):
    assert currencies(unit) == powers
    assert is_amount(unit) == (len(powers) == 1)


def test_an_exchange_rate_is_written_with_per():
    assert meant_unit("GBP/EUR") == "GBP per EUR" and meant_unit("GBP per EUR") is None and meant_unit("GBP/mg") is None


# --- formulas


@pytest.mark.parametrize(
    ("formula", "unit"),
    [
        ("c_euro * rate", "GBP"), ("rate * c_euro", "GBP"), ("c_ill / rate", "EUR"), ("c_euro", "EUR"),
        ("c_euro * rate + c_ill", "GBP"), ("-c_ill", "GBP"), ("c_ill * 12 + 3", "GBP"), ("2 * c_ill - 0", "GBP"),
        ("c_ill * p_uptake * weight(age, 'male')", "GBP"), ("c_ill * exp(-h_ill * 2)", "GBP"),
        ("c_ill if p_uptake > 0.5 else 0", "GBP"), ("max(0, c_ill, c_euro * rate)", "GBP"), ("round(c_euro)", "EUR"),
        ("clip(c_ill, 0, 10)", "GBP"), ("c_drug_year", "GBP"), ("c_ill / c_death * c_euro", "EUR"),
        ("c_ill / c_death", ""), ("c_ill * c_death", ""), ("c_euro / rate", ""), ("rate", ""), ("p_uptake", ""),
        ("c_ill > c_death", ""), ("not c_ill", ""), ("c_ill ** 2", ""), ("c_ill + p_uptake", ""), ("log(c_ill)", ""),
    ],
)  # fmt: skip
def test_the_unit_of_money_of_a_formula(formula, unit, model):
    assert money_unit(model, parse(formula.replace("'", '"'))) == unit


AMOUNTS = {
    "c_ill": {"GBP": 1},
    "c_euro": {"EUR": 1},
    "c_dollar": {"USD": 1},
    "rate": {"GBP": 1, "EUR": -1},
    "p_uptake": {},
}


@given(st.lists(st.tuples(st.sampled_from("*/"), st.sampled_from(sorted(AMOUNTS))), min_size=1, max_size=8))
def test_powers_add_up_as_those_of_physical_units(model, factors):
    text, powers = "1", {}
    for op, name in factors:
        text += f" {op} {name}"
        for code, power in AMOUNTS[name].items():
            powers[code] = powers.get(code, 0) + (power if op == "*" else -power)
    assert Currencies(model).of(parse(text)) == {code: power for code, power in powers.items() if power}


@pytest.mark.parametrize(("one", "two"), list(itertools.permutations(["c_ill", "c_euro", "c_dollar"], 2)))
@pytest.mark.parametrize(
    "text", ["{} + {}", "{} - {}", "{} if p_uptake > 0 else {}", "min({}, 1, {})", "max({}, {})", "1 if {} > {} else 0"]
)
def test_different_currencies_never_meet(model, text, one, two):
    from nbsmodel.errors import Problems

    found = Problems()
    Currencies(model).of(parse(text.format(one, two)), "here", found)
    (problem,) = found.items
    codes = {"c_ill": "GBP", "c_euro": "EUR", "c_dollar": "USD"}
    assert problem.place == "here" and f"{one} is in {codes[one]} and {two} in {codes[two]}" in problem.found
    assert "multiply by an exchange rate" in problem.fix
    same = Problems()
    Currencies(model).of(parse(text.format(one, one)), "here", same)
    assert same.items == []


# --- models


def test_a_cost_in_the_models_currency_passes(tmp_path):
    found = load_model(folder_with(tmp_path, ("value: c_death}", "value: c_euro * rate}")))
    assert found.about["currency"] == "GBP"


def test_a_cost_in_another_currency_is_refused_with_the_rate_it_needs(tmp_path):
    (found,) = problems(tmp_path, ("value: c_death}", "value: c_euro * p_uptake}"))
    assert found == (
        "model/model.yaml:71 cohorts.course.payoffs[5].value: this cost is in EUR, the model in GBP: "
        "c_euro * p_uptake. Multiply by an exchange rate, a parameter with the unit `GBP per EUR`."
    )


def test_a_component_in_two_currencies_names_both_places(tmp_path):
    (found,) = problems(tmp_path, ("component: drug, value: c_drug_year * treated", "component: care, value: c_euro"))
    assert found.startswith(
        "model/model.yaml:69 cohorts.course.payoffs[3].value: this cost is in EUR, the model in GBP"
    )
    assert "of its component, model/model.yaml:68 cohorts.course.payoffs[2].value is in GBP" in found


def test_a_rate_the_wrong_way_round_is_refused(tmp_path):
    (found,) = problems(tmp_path, ("value: c_death}", "value: c_euro / rate}"))
    assert "this cost is in EUR x EUR per GBP, the model in GBP" in found and "Check the units" in found


def test_branches_and_derived_values_are_looked_into(tmp_path):
    found = problems(
        tmp_path, ("value: c_confirm, at", "value: fees, at"), ("derived:\n", "derived:\n  fees: c_dollar * 2\n")
    )
    assert len(found) == 1 and "tree.affected.then.found.payoffs[1].value: this cost is in USD" in found[0]


def test_a_sum_of_currencies_is_reported_once_where_it_stands(tmp_path):
    found = problems(
        tmp_path, ("value: c_confirm, at", "value: fees, at"), ("derived:\n", "derived:\n  fees: c_dollar + c_ill\n")
    )
    assert len(found) == 1 and "derived.fees: c_dollar is in USD and c_ill in GBP: c_dollar + c_ill." in found[0]


def test_what_a_leaf_hands_over_keeps_its_currency(tmp_path):
    edits = (
        ("with: {treated: 1}", "with: {treated: c_euro}"),
        ("delay: 0, with: {treated: 0}", "delay: 0, with: {treated: c_euro}"),
    )
    (found,) = problems(tmp_path, *edits, ("value: c_drug_year * treated", "value: treated"))
    assert "cohorts.course.payoffs[3].value: this cost is in EUR, the model in GBP: treated." in found


def test_the_unit_of_a_derived_value_must_fit_its_formula(tmp_path):
    (found,) = problems(tmp_path, ("derived:\n", "derived:\n  fees: {value: c_euro * 2, unit: GBP}\n"))
    assert "derived.fees.unit: fees is in EUR, not in GBP. Multiply by an exchange rate" in found


def test_a_declared_unit_stands_where_none_can_be_told(tmp_path):
    edits = (
        ("value: c_death}", "value: fees}"),
        ("derived:\n", "derived:\n  fees: {value: \"weight(age, 'male')\", unit: EUR}\n"),
    )
    text = (edits[1][0], edits[1][1].replace("'male'", '\\"male\\"'))
    (found,) = problems(tmp_path, edits[0], text)
    assert "this cost is in EUR, the model in GBP: fees." in found


def test_numbers_and_health_are_let_through(tmp_path):
    load_model(
        folder_with(
            tmp_path, ("value: c_death}", "value: 4000 * p_uptake}"), ("value: u_now, per", "value: c_euro, per")
        )
    )


def test_a_model_in_no_currency_is_let_through(tmp_path):
    load_model(folder_with(tmp_path, ("currency: GBP", "currency: points"), ("value: c_death}", "value: c_euro}")))
