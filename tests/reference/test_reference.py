"""Shipped reference inputs: complete, consistent, cited, with the figures of their sources."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from nbsmodel import reference as shipped
from nbsmodel.errors import InputError
from nbsmodel.model.csvfile import read_csv
from nbsmodel.model.tables import reference_table
from nbsmodel.run.show_reference import reference_for_people

BOYS = 0.513
LIFE = [n for n in shipped.names() if "life_table" in n]
NORMS = ("hse2014_eq5d3l", "ara_brazier_2010", "hse2017_18_5l_vanhout", "hse2017_18_5l_mapped_dsu", "hse2012_14_3l",
         "mvh_1993")  # fmt: skip


def number(name, column, key):
    return float(reference_table(name, column, exact=True)(key))


# --- the catalogue


@pytest.mark.parametrize("name", shipped.names())
def test_catalogue_and_file_agree(name):
    entry = shipped.reference(name)
    file = read_csv(entry.path)
    values = [c for c in file.columns if not c.endswith("_status")]
    assert values == [entry.by, *entry.columns]
    assert {c.removesuffix("_status") for c in file.columns if c.endswith("_status")} <= set(entry.columns)
    head = " ".join(file.comments)
    assert entry.licence and entry.title and len(file.comments) >= 5
    for key in entry.sources:
        assert key in shipped.sources()
        assert re.search(rf"\b{key}\b", head) or key in ("ons_life_tables_uk", "sex_at_birth"), key
    assert all(len(line) < 160 for line in file.comments)


def test_nothing_lies_beside_the_catalogue():
    others = {"thresholds"}  # no table to look up; `nbsmodel.reference.thresholds` reads it
    assert {p.stem for p in shipped.FOLDER.glob("*.csv")} - others == set(shipped.names())
    assert len(LIFE) == 4


def test_the_terms_of_every_file_stand_beside_it():
    terms = (shipped.FOLDER / "LICENCES.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", terms, re.MULTILINE)
    patterns = re.findall(r"`([^`]+)`", " ".join(rows))
    assert all(any(p.match(pattern) for pattern in patterns) for p in shipped.FOLDER.glob("*.csv"))
    assert "Copyright (c) 2023 Paul Schneider" in terms and "Open Government Licence v3.0" in terms


def test_every_source_is_cited_and_complete():
    cited = {key for name in shipped.names() for key in shipped.reference(name).sources}
    assert cited == set(shipped.sources())
    for source in shipped.sources().values():
        assert source.citation
        assert source.url.startswith("https://") or source.note


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="there is no reference table uk_birth. Did you mean uk_births?"):
        shipped.reference("uk_birth")


def test_the_package_ships_the_files():
    """What the build takes along: the patterns of pyproject.toml cover every file."""
    import tomllib

    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["nbsmodel"]
    covered = {p for pattern in patterns for p in shipped.FOLDER.parent.glob(pattern)}
    assert {p for p in shipped.FOLDER.iterdir() if p.suffix in (".csv", ".yaml")} <= covered


# --- life tables


@pytest.mark.parametrize("name", LIFE)
def test_life_tables_are_life_tables(name):
    table = reference_table(name)
    assert np.array_equal(table.keys, np.arange(101))
    for sex in ("female", "male"):
        q, m, lx = (table.columns[f"{c}_{sex}"] for c in ("qx", "mx", "lx"))
        assert lx[0] == 100_000 and np.all(np.diff(lx) < 0)
        assert lx[1:] == pytest.approx(lx[:-1] * (1 - q[:-1]), abs=0.16)  # lx has one decimal, qx six
        assert q[1:] == pytest.approx(2 * m[1:] / (2 + m[1:]), abs=1.1e-6)
        assert 0 < q[-1] < 1  # not closed
    assert np.all(table.columns["qx_male"][[0, 20, 60]] > table.columns["qx_female"][[0, 20, 60]])


@pytest.mark.parametrize("name", LIFE)
def test_mixed_columns_are_weighted_by_survivors(name):
    c = reference_table(name).columns
    women, men = (1 - BOYS) * c["lx_female"], BOYS * c["lx_male"]
    assert c["lx_mixed"] == pytest.approx(women + men, abs=1e-4)
    for value, digits in (("qx", 1e-8), ("ex", 1e-4)):
        mixed = (women * c[f"{value}_female"] + men * c[f"{value}_male"]) / (women + men)
        assert c[f"{value}_mixed"] == pytest.approx(mixed, abs=0.51 * digits)
    assert c["mx_mixed"] == pytest.approx(2 * c["qx_mixed"] / (2 - c["qx_mixed"]), abs=2e-8)
    # deaths of both sexes together, from one birthday to the next
    assert 1 - c["lx_mixed"][1:] / c["lx_mixed"][:-1] == pytest.approx(c["qx_mixed"][:-1], abs=2e-5)


def test_figures_of_the_life_tables():
    """ONS national life tables, released 23 September 2021."""
    assert number("uk_life_table_2018_2020", "qx_female", 0) == 0.003503
    assert number("uk_life_table_2018_2020", "qx_male", 0) == 0.004224
    assert number("uk_life_table_2018_2020", "qx_mixed", 0) == 0.00387287
    assert number("uk_life_table_2018_2020", "ex_male", 65) == 18.53
    assert number("uk_life_table_2018_2020", "ex_female", 65) == 20.97
    assert number("uk_life_table_2018_2020", "ex_male", 100) == 1.91
    assert number("england_life_table_2018_2020", "ex_female", 0) == 83.12
    assert number("england_life_table_2017_2019", "ex_male", 0) == 79.67
    assert BOYS == pytest.approx((23_594 + 10_203) / (45_935 + 19_962), abs=0.0005)


def test_the_england_table_is_that_of_the_published_calculator():
    """Its repository keeps the same ONS table (tests/models/england_life_table)."""
    path = Path(__file__).resolve().parents[1] / "models" / "england_life_table" / "tables" / "life_table.csv"
    c = reference_table("england_life_table_2017_2019").columns
    rows = read_csv(path).rows[:101]
    for column in ("lx_female", "lx_male", "qx_female", "qx_male"):
        assert [float(r.cells[column]) for r in rows] == c[column].tolist()


# --- norms


def test_utility_norms():
    table = reference_table("uk_utility_norms")
    assert np.array_equal(table.keys, np.arange(101))
    assert set(table.columns) == {f"{n}_{s}" for n in NORMS for s in ("female", "male", "mixed")}
    for values in table.columns.values():
        assert np.all((values > 0.3) & (values < 1))


def test_norms_of_children_are_stated():
    """No survey has children: flat below the youngest adults, but for the formula of Ara and Brazier."""
    c = reference_table("uk_utility_norms").columns
    for name in NORMS:
        for sex in ("female", "male"):
            values = c[f"{name}_{sex}"]
            flat = 18 if name == "mvh_1993" else 16
            if name == "ara_brazier_2010":
                age, male = np.arange(101), sex == "male"
                formula = 0.9508566 + 0.0212126 * male - 0.0002587 * age - 0.0000332 * age**2
                assert values == pytest.approx(formula, abs=0.51e-4)
            else:
                assert len(set(values[: flat + 1])) == 1
                assert values[100] == values[99]
    assert number("uk_utility_norms", "ara_brazier_2010_female", 40) == 0.8874  # as printed in abstract PNS17
    assert "CHILDREN" in " ".join(reference_table("uk_utility_norms").comments)


def test_bands_of_the_mvh_survey():
    ages = [18, 25, 35, 45, 55, 65, 75]
    female, male = ([number("uk_utility_norms", f"mvh_1993_{s}", a) for a in ages] for s in ("female", "male"))
    assert female == [0.94, 0.93, 0.91, 0.85, 0.81, 0.78, 0.71]
    assert male == [0.94, 0.93, 0.91, 0.84, 0.78, 0.78, 0.75]


@pytest.mark.parametrize("name", NORMS)
def test_mixed_norms_are_weighted_by_survivors(name):
    c, life = reference_table("uk_utility_norms").columns, reference_table("uk_life_table_2018_2020").columns
    women, men = (1 - BOYS) * life["lx_female"], BOYS * life["lx_male"]
    mixed = (women * c[f"{name}_female"] + men * c[f"{name}_male"]) / (women + men)
    assert c[f"{name}_mixed"] == pytest.approx(mixed, abs=0.51e-6)


# --- births


def test_births_have_a_status_each_and_add_up():
    rows = {r.cells["year"]: r.cells for r in read_csv(shipped.reference("uk_births").path).rows}
    for cells in rows.values():
        for column in shipped.reference("uk_births").columns:
            status = cells[f"{column}_status"]
            assert status in ("seen", "derived", "not found")
            assert (cells[column] == "") == (status == "not found"), (cells["year"], column)
    of_2023 = {c: number("uk_births", c, 2023) for c in shipped.reference("uk_births").columns}
    assert of_2023["united_kingdom"] == 656_969 == 591_072 + 45_935 + 19_962
    assert of_2023["england"] + of_2023["wales"] == of_2023["england_and_wales"]
    assert number("uk_births", "england", 2024) == 567_845
    assert np.isnan(number("uk_births", "england_and_wales", 2022))  # not seen in a source
    assert np.isnan(number("uk_births", "england", 2026))


# --- cost indices

CHANGES = {  # per cent, PSSRU manual of 2025
    "nhscii_pay_prices_2025": [0.40, 2.09, 1.24, 1.60, 2.14, 2.49, 2.58, 7.32, 2.47, 4.02],
    "nhscii_prices_2025": [0.56, 2.06, 1.30, 1.59, 1.30, 0.84, 1.72, 7.15, 2.98, 2.04],
    "nhscii_pay_2025": [0.30, 2.10, 1.21, 1.60, 2.58, 3.41, 3.07, 7.41, 2.18, 5.11],
}


@pytest.mark.parametrize(("column", "changes"), CHANGES.items())
def test_levels_give_the_printed_changes(column, changes):
    table = reference_table("nhs_cost_indices", column)
    level = table(np.arange(2014, 2025))
    assert level[0] == 100
    assert 100 * (level[1:] / level[:-1] - 1) == pytest.approx(changes, abs=1e-5)
    assert np.isnan(table(2013)) and np.isnan(table(2025.5))


def test_the_hchs_index():
    table = reference_table("nhs_cost_indices", "hchs_pay_prices")
    ratios = [1.092519, 1.070088, 1.05221, 1.04062, 1.031389, 1.017845, 1.0]  # 2016/17 to each year from 2010/11
    assert table(2016) / table(np.arange(2010, 2017)) == pytest.approx(ratios, abs=1e-6)
    assert table(2010) / table(2009) == pytest.approx(1.03, abs=1e-6)
    assert np.isnan(table(2017))


def test_the_chain_and_its_factors():
    table = reference_table("nhs_cost_indices", "chain_hchs_nhscii_pay_prices_2025")
    factors = {2013: 1.3067, 2014: 1.2951, 2017: 1.2480, 2018: 1.2284, 2019: 1.2026, 2020: 1.1734, 2021: 1.1439,
               2022: 1.0659, 2023: 1.0402, 2024: 1.0}  # fmt: skip
    for year, factor in factors.items():
        assert float(table(2024) / table(year)) == pytest.approx(factor, abs=0.00006)


def test_vintages_differ():
    """The 2024 manual's provisional 2023/24 was 4.31%; the 2025 manual has 2.47%."""
    old = reference_table("nhs_cost_indices", "nhscii_pay_prices_2024")
    new = reference_table("nhs_cost_indices", "nhscii_pay_prices_2025")
    assert float(old(2023) / old(2022)) == pytest.approx(1.0431)
    assert float(new(2023) / new(2022)) == pytest.approx(1.0247)
    assert np.isnan(old(2021)) and np.isnan(old(2024))
    assert [number("nhs_cost_indices", f"nhscii_{c}_2024", 2023) for c in ("prices", "pay")] == [103.45, 104.79]


# --- shown to people


def test_the_list_names_all():
    text = reference_for_people()
    for name in shipped.names():
        assert name in text and shipped.reference(name).title in text


@pytest.mark.parametrize("name", shipped.names())
def test_one_table_is_shown_with_columns_sources_and_rows(name):
    text, entry = reference_for_people(name), shipped.reference(name)
    for word in (entry.title, entry.licence, *entry.columns, *entry.sources, *read_csv(entry.path).comments):
        assert word in text
    first = read_csv(entry.path).rows[0].cells
    assert f"\n{first[entry.by]}" in text.replace("\n ", "\n").replace("\n ", "\n")
    assert f"{{reference: {name}, column: {next(iter(entry.columns))}" in text


def test_the_page_names_every_table_and_column():
    text = (Path(__file__).resolve().parents[2] / "docs" / "reference_inputs.md").read_text(encoding="utf-8")
    for name in shipped.names():
        assert f"`{name}`" in text
        for column in shipped.reference(name).columns:
            stem = re.sub("_(female|male|mixed)$", "", column)
            assert f"`{stem}`" in text, column


def test_the_example_of_the_page_runs():
    text = (Path(__file__).resolve().parents[2] / "docs" / "reference_inputs.md").read_text(encoding="utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    newborns, men = code.strip().splitlines()[-2:]
    found: dict = {}
    exec(code.replace(newborns, f"qale = {newborns}").replace(men, f"years = {men}"), found)
    assert round(float(found["qale"]), 2) == 24.87
    assert round(float(found["years"][0]), 2) == 79.04
