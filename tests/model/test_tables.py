"""Tables and the CSV reader below them: look-ups against a slow twin, edges, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.errors import InputError
from nbsmodel.model import csvfile
from nbsmodel.model.csvfile import read_csv
from nbsmodel.model.schema import TableSchema
from nbsmodel.model.tables import read_table


def table(folder, text, **schema):
    (folder / "t.csv").write_text(text)
    return read_table("t", TableSchema(file="t.csv", by="age", **schema), folder, "model.yaml:3 tables.t")


def refusal(folder, text, **schema):
    with pytest.raises(InputError) as refused:
        table(folder, text, **schema)
    return [str(p) for p in refused.value.problems]


TEXT = "age,qx\n0,0.5\n1,0.1\n5,0.2\n"


@pytest.mark.parametrize(
    ("key", "step", "linear", "held"),
    [
        (-0.001, math.nan, math.nan, math.nan),  # below the first row is always an error
        (0, 0.5, 0.5, 0.5),
        (0.5, 0.5, 0.3, 0.5),
        (1, 0.1, 0.1, 0.1),
        (3, 0.1, 0.15, 0.1),
        (4.999, 0.1, 0.199975, 0.1),
        (5, 0.2, 0.2, 0.2),
        (5.001, 0.2, math.nan, 0.2),
        (8.999, 0.2, math.nan, 0.2),  # a step table holds its last row for one more step
        (9, math.nan, math.nan, 0.2),
        (1000, math.nan, math.nan, 0.2),
        (math.nan, math.nan, math.nan, math.nan),
        (math.inf, math.nan, math.nan, math.nan),
    ],
)
def test_look_ups(key, step, linear, held, tmp_path):
    found = [
        table(tmp_path, TEXT)(key),
        table(tmp_path, TEXT, between="linear")(key),
        table(tmp_path, TEXT, beyond="last")(key),
    ]
    assert found == pytest.approx([step, linear, held], rel=1e-7, nan_ok=True)


def test_a_linear_table_can_hold_its_last_row(tmp_path):
    held = table(tmp_path, TEXT, between="linear", beyond="last")
    assert held([3, 5, 50]) == pytest.approx([0.15, 0.2, 0.2])


def test_sums_of_months_meet_their_row(tmp_path):
    """Twelve twelfths are one year, whatever the rounding."""
    rows = "age,v\n" + "".join(f"{i},{i}\n" for i in range(101))
    yearly = table(tmp_path, rows)
    ages = np.cumsum(np.full(1200, 1 / 12))
    assert np.array_equal(yearly(ages), np.arange(1, 1201) // 12)
    assert np.isnan(yearly(101.0))


keys = st.lists(st.integers(-50, 50), min_size=2, max_size=8, unique=True).map(sorted)


@settings(max_examples=100, deadline=None)
@given(keys, st.lists(st.floats(-60, 70), min_size=1, max_size=5), st.booleans(), st.booleans())
def test_twin(tmp_path_factory, rows, asked, linear, held):
    values = [float(i * i % 7) for i in range(len(rows))]
    text = "age,v\n" + "".join(f"{k},{v}\n" for k, v in zip(rows, values, strict=True))
    found = table(
        tmp_path_factory.mktemp("t"),
        text,
        between="linear" if linear else "step",
        beyond="last" if held else "error",
    )
    for key in asked:
        if min(abs(key - r) for r in (*rows, 2 * rows[-1] - rows[-2])) < 1e-6 and key not in rows:
            continue
        assert float(found(key)) == pytest.approx(slow(rows, values, key, linear, held), nan_ok=True, abs=1e-6)


def slow(rows, values, key, linear, held):
    if key < rows[0]:
        return math.nan
    at = max(i for i, row in enumerate(rows) if row <= key)
    if at == len(rows) - 1:
        end = rows[-1] if linear else 2 * rows[-1] - rows[-2]
        return values[-1] if held or key == rows[-1] or (not linear and key < end) else math.nan
    share = (key - rows[at]) / (rows[at + 1] - rows[at]) if linear else 0
    return values[at] + share * (values[at + 1] - values[at])


def test_rounding_of_a_key_does_not_leave_the_table(tmp_path):
    """Ages are sums of cycle lengths; one that misses a row by rounding means that row."""
    step, linear = table(tmp_path, TEXT), table(tmp_path, TEXT, between="linear")
    for near in (1e-12, -1e-12):
        assert float(step(0 + near)) == 0.5 and float(linear(0 + near)) == pytest.approx(0.5)
        assert float(step(1 + near)) == 0.1 and float(linear(5 + near)) == pytest.approx(0.2)
        assert np.isnan(step(9 + near))
    assert np.isnan(step(-1e-6)) and np.isnan(linear(-1e-6)) and np.isnan(linear(5 + 1e-6))


def test_columns_shapes_and_comments(tmp_path):
    text = "# Life tables 2020\n# England\nage,male,female\n0,1,2\n10,3,4\n"
    both = table(tmp_path, text)
    assert set(both.columns) == {"male", "female"}
    assert both.comments == ("Life tables 2020", "England")
    assert both.range_text == "age 0 to 10"
    ages = np.array([0.0, 5.0, 10.0])[:, None, None]
    assert both(ages, "female").shape == (3, 1, 1)
    assert both(ages, "female").ravel().tolist() == [2.0, 2.0, 4.0]
    assert float(both(0, "male")) == 1.0
    one = table(tmp_path, text, column="female")
    assert set(one.columns) == {"female"} and float(one(0)) == 2.0


def test_one_row_holds_for_a_year(tmp_path):
    single = table(tmp_path, "age,v\n3,7\n")
    assert np.array_equal(single([2.9, 3, 3.9, 4]), [math.nan, 7, 7, math.nan], equal_nan=True)


@pytest.mark.parametrize(
    ("text", "schema", "message"),
    [
        ("agee,v\n1,2\n", {}, "model.yaml:3 tables.t.by: {file} has no column age. Did you mean agee?"),
        ("age,v\n1,2\n", {"column": "w"}, "model.yaml:3 tables.t.column: {file} has no column w. Allowed: age, v."),
        ("age\n1\n", {}, "model.yaml:3 tables.t.by: {file} has no column beside age. Add a column of values."),
        ("age,v\n", {}, "{file}: the table holds no rows."),
        ("", {}, "{file}: the file holds no rows."),
        ("# only a comment\n", {}, "{file}: the file holds no rows."),
        ("age,v\n1,x\n", {}, "{file}:2 v: found 'x'. A finite number is needed."),
        ("age,v\n1,\n", {}, "{file}:2 v: found ''. A finite number is needed."),
        ("age,v\n1,nan\n", {}, "{file}:2 v: found 'nan'. A finite number is needed."),
        ("age,v\n1,inf\n", {}, "{file}:2 v: found 'inf'. A finite number is needed."),
        ("# note\n\nage,v\n1,2\n\nx,3\n", {}, "{file}:6 age: found 'x'. A finite number is needed."),
        ("age,v\n2,1\n1,1\n", {}, "{file}:3 age: 1 after 2: keys must rise from row to row."),
        ("age,v\n1,1\n1,1\n", {}, "{file}:3 age: 1 after 1: keys must rise from row to row."),
        (
            "age,v\n1,2,3\n",
            {},
            "{file}:2: 3 cells where the header has 2. Put text that holds a comma in double quotes.",
        ),
        ("age,v\n1\n", {}, "{file}:2: 1 cell where the header has 2. Add the missing commas."),
        ("age,age\n1,2\n", {}, "{file}:1: the column names are not all different and filled."),
        ("age,\n1,2\n", {}, "{file}:1: the column names are not all different and filled."),
        (f"age,v\n1,{'9' * 200_000}\n", {}, "{file}:2: cannot be read as CSV: field larger than field limit (131072)."),
    ],
)
def test_refused(text, schema, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message.format(file="t.csv") in refusal(tmp_path, text, **schema)


def test_all_bad_rows_are_reported_at_once(tmp_path):
    assert len(refusal(tmp_path, "age,v,w\n0,a,1\n1,2,b\nx,1,1\n")) == 3
    assert len(refusal(tmp_path, "age,v\n1\n1,2,3\n4,5\n6\n")) == 3


@pytest.mark.parametrize("file", ["../t.csv", "tables/../../t.csv", "/etc/passwd", "link.csv"])
def test_a_table_lies_in_the_folder(file, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "t.csv").write_text(TEXT)
    (folder / "link.csv").symlink_to(tmp_path / "t.csv")
    with pytest.raises(InputError, match="lies outside the model folder"):
        read_table("t", TableSchema(file=file, by="age"), folder, "model.yaml:3 tables.t")


# --- CSV


def test_csv_cells_lines_and_comments(tmp_path):
    text = '\ufeff# note, with a comma\r\na , b\r\n\r\n1,"x, y"\r\n# between\r\n 2 ,"say ""hi"""\r\n3,\r\n'
    (tmp_path / "f.csv").write_bytes(text.encode())
    file = read_csv(tmp_path / "f.csv")
    assert file.columns == ("a", "b") and file.head == 2
    assert file.comments == ("note, with a comma", "between")
    assert [(row.line, row.cells) for row in file.rows] == [
        (4, {"a": "1", "b": "x, y"}),
        (6, {"a": "2", "b": 'say "hi"'}),
        (7, {"a": "3", "b": ""}),
    ]
    assert file.place(file.rows[0], "b").endswith("f.csv:4 b")


def test_too_many_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(csvfile, "MAX_ROWS", 3)
    (tmp_path / "f.csv").write_text("a\n1\n2\n")
    assert len(read_csv(tmp_path / "f.csv").rows) == 2
    (tmp_path / "f.csv").write_text("a\n1\n2\n3\n")
    with pytest.raises(InputError, match="over 3 rows"):
        read_csv(tmp_path / "f.csv")


HIDDEN = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
cells = st.text(alphabet=st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters=HIDDEN), max_size=8).map(
    str.strip
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(cells, cells.map(lambda c: c or "x")), min_size=1, max_size=5))
def test_csv_round_trip(tmp_path_factory, rows):
    """What Python's CSV writer writes, quotes and commas included, comes back."""
    import csv

    path = tmp_path_factory.mktemp("c") / "f.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    assert [tuple(row.cells.values()) for row in read_csv(path).rows] == rows


# --- rows only


def test_exact_keys(tmp_path):
    exact = table(tmp_path, TEXT, between="exact")
    asked = [0, 1, 5, 1 + 1e-12, 5 - 1e-12, 0.5, 4.99, 5.01, -1, 100, math.nan, math.inf, -math.inf]
    assert np.array_equal(exact(asked), [0.5, 0.1, 0.2, 0.1, 0.2] + [math.nan] * 8, equal_nan=True)
    assert exact.covers([[1.0, 2.0]]).tolist() == [[True, False]]
    found, fix = exact.why_none(np.array([1.0, 2.0]), None, "y")
    assert found == "t has no age 2 (y); it has 0 to 5" and fix.startswith("Use one of its rows")
    assert exact.why_none(np.array([1.0, 5.0]), None, "y") is None


def test_what_is_missing_is_said_with_the_way_out(tmp_path):
    """A life table can be closed, any other table only held; below the first row there is neither."""
    life = table(tmp_path, TEXT)
    norm = replace(life, columns={"norm": life.columns["qx"]})
    found, fix = life.why_none(np.array([99.0]), None, "age")
    assert found == norm.why_none(np.array([99.0]), None, "age")[0] == "t has no age 99; it has 0 to 5"
    assert "`beyond: last`" in fix and "`closing: hazard`" in fix
    assert "`beyond: last`" in norm.why_none(np.array([99.0]), None, "age")[1]
    assert "closing" not in norm.why_none(np.array([99.0]), None, "age")[1]
    assert life.why_none(np.array([-1.0]), None, "age - 1") == (
        "t has no age -1 (age - 1); it has 0 to 5", "Give the table rows from there on.",
    )  # fmt: skip


# --- closing


@pytest.mark.parametrize(("closing", "last"), [("hazard", 1 - math.exp(-1 / 2.5)), ("dies", 1.0)])
def test_closing_replaces_what_holds_from_the_last_age_on(tmp_path, closing, last):
    text = "age,qx_f,ex_f,qx_m,ex_m\n0,0.01,50,0.02,40\n1,0.1,10,0.2,9\n2,0.3,2.5,0.4,2\n"
    closed = table(tmp_path, text, column="qx_f", closing=closing)
    assert closed([0, 1, 1.99, 2, 2.5, 3, 80]) == pytest.approx([0.01, 0.1, 0.1, last, last, last, last], rel=1e-14)
    assert closed.closing == closing
    assert float(table(tmp_path, text, column="qx_f")(2)) == 0.3


LIFE = "age,qx,ex\n0,0.01,50\n1,0.1,10\n"


@pytest.mark.parametrize(
    ("text", "schema", "message"),
    [
        (LIFE, {"closing": "dies"}, "tables.t.closing: no column of probabilities of death is named. Give `column`"),
        (LIFE, {"closing": "dies", "column": "ex"}, "tables.t.closing: no column of probabilities of death is named."),
        (
            LIFE,
            {"closing": "hazard", "column": "qx", "beyond": "last"},
            "closing: it says what holds from the",
        ),
        (
            LIFE,
            {"closing": "dies", "column": "qx", "between": "linear"},
            "closing: it says what holds from the",
        ),
        (LIFE, {"between": "exact", "beyond": "last"}, "beyond: there is nothing beyond rows that are read exactly."),
        ("age,qx\n0,0.1\n", {"closing": "hazard", "column": "qx"}, "t.csv has no column ex. Add ex, the years"),
        (
            LIFE.replace(",10", ",0"),
            {"closing": "hazard", "column": "qx"},
            "t.csv:3 ex: found 0. Years of life",
        ),
        (LIFE.replace(",10", ","), {"closing": "hazard", "column": "qx"}, "t.csv:3 ex: found ''. A finite number"),
    ],
)
def test_reading_that_does_not_go_together_is_refused(text, schema, message, tmp_path):
    found = refusal(tmp_path, text, **schema)
    assert any(message in line for line in found), found


# --- shipped tables


def shipped_table(**schema):
    return read_table("t", TableSchema(**schema), Path("nowhere"), "model.yaml:3 tables.t")


def test_a_shipped_table_needs_no_folder():
    qx = shipped_table(reference="uk_life_table_2018_2020", column="qx_mixed", closing="hazard")
    assert qx.reference == "uk_life_table_2018_2020" and "ons_life_tables_uk" in qx.sources
    assert float(qx(0.5)) == 0.00387287
    assert float(qx(150)) == pytest.approx(1 - math.exp(-1 / 2.0368), rel=1e-12)  # e100 of both sexes
    births = shipped_table(reference="uk_births", by="year", between="exact")
    assert set(births.columns) == {
        "united_kingdom", "england", "wales", "scotland", "northern_ireland", "england_and_wales",
    }  # fmt: skip
    assert np.isnan(births(2024, "united_kingdom")) and births.covers(2024)
    found, fix = births.why_none(np.array([2023.0, 2024.0]), "united_kingdom", "y")
    assert found == "t has no value of united_kingdom for year 2024: the cell is empty"
    assert fix.startswith("Take another row")


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            {"reference": "uk_birth"},
            "tables.t.reference: there is no reference table uk_birth. Did you mean uk_births",
        ),
        ({"reference": "uk_births", "by": "age"}, "tables.t.by: uk_births is looked up by year. Remove `by`."),
        (
            {"reference": "uk_births", "column": "englnd"},
            "column: uk_births has no column englnd. Did you mean england",
        ),
        (
            {"reference": "uk_births", "column": "england_status"},
            "uk_births has no column england_status.",
        ),
        ({"reference": "uk_births", "column": "year"}, "tables.t.column: uk_births has no column year."),
    ],
)
def test_shipped_tables_are_refused_by_name(schema, message):
    with pytest.raises(InputError) as refused:
        shipped_table(**schema)
    assert message in str(refused.value)


@pytest.mark.parametrize("schema", [{}, {"file": "t.csv", "reference": "uk_births", "by": "age"}, {"by": "age"}])
def test_a_table_has_one_origin(schema):
    with pytest.raises(ValueError, match="give exactly one of `file` and `reference`"):
        TableSchema(**schema)


def test_a_file_needs_its_key_column():
    with pytest.raises(ValueError, match="give `by`, the key column of the file"):
        TableSchema(file="t.csv")
