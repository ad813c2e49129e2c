"""Tables and the CSV reader below them: look-ups against a slow twin, edges, and what is refused."""

from __future__ import annotations

import math

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
