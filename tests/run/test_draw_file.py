"""Draws from a file: to the last bit as they are, or refused with what is wrong."""

from __future__ import annotations

import gzip
import struct
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import write_complete
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.errors import InputError
from nbsmodel.model.load import load_model
from nbsmodel.run.draw_file import read_draws

PLACE = "configs/base.yaml:3 analyses.psa"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    write_complete(folder)
    return load_model(folder / "model")


@pytest.fixture
def read(model, tmp_path, monkeypatch):
    """Read a file with some content."""
    monkeypatch.chdir(tmp_path)

    def reading(content, name="draws.csv"):
        path = Path(name)
        if isinstance(content, pd.DataFrame | pa.Table):
            table = pa.Table.from_pandas(content) if isinstance(content, pd.DataFrame) else content
            pq.write_table(table, path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_draws(path, model, PLACE)

    return reading


def problems(read, content, name="draws.csv"):
    with pytest.raises(InputError) as refused:
        read(content, name)
    return [str(p) for p in refused.value.problems]


def same(draws, ids, **columns):
    assert draws.index.name == "draw" and draws.index.tolist() == ids
    assert list(draws.columns) == list(columns)
    for name, values in columns.items():
        assert draws[name].tolist() == values


# --- what is read


def test_csv(read):
    draws = read("draw,h_ill,alternative,p_uptake\n7,0.1,base,1\n3,2e-1,other, 0.5\n")
    same(draws, [7, 3], h_ill=[0.1, 0.2], alternative=["base", "other"], p_uptake=[1.0, 0.5])
    assert draws.dtypes["h_ill"] == draws.dtypes["p_uptake"] == np.float64 and draws.index.dtype == np.int64


def test_draws_without_numbers_count_from_0(read):
    same(read("h_ill\n0.3\n0.2\n0.1\n"), [0, 1, 2], h_ill=[0.3, 0.2, 0.1])


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffdraw,h_ill\r\n0,0.1\r\n100000,0.2\r\n",  # a byte order mark and Windows lines
        "# sampler, settings\ndraw,h_ill\n# adaptation ended\n0,0.1\n1e+05,0.2\n# elapsed time\n",
        '"draw","h_ill"\n"0","0.1"\n"100000","0.2"\n',
        "draw , h_ill\n 0 , 0.1 \n100000.0 ,+.2\n\n",
    ],
)
def test_csv_as_programs_write_it(read, text):
    same(read(text), [0, 100_000], h_ill=[0.1, 0.2])


def test_compressed_csv_and_endings_in_capitals(read):
    same(read(gzip.compress(b"h_ill\n0.25\n"), "posterior.csv.gz"), [0], h_ill=[0.25])
    same(read("h_ill\n0.25\n", "POSTERIOR.CSV"), [0], h_ill=[0.25])


def test_parquet(read):
    frame = pd.DataFrame({"draw": [4, 2], "h_ill": [0.1, 0.2], "alternative": ["a", "b"]})
    same(read(frame, "draws.parquet"), [4, 2], h_ill=[0.1, 0.2], alternative=["a", "b"])
    same(read(frame.set_index("draw"), "draws.parquet"), [4, 2], h_ill=[0.1, 0.2], alternative=["a", "b"])
    same(read(frame.set_index("draw").iloc[:1], "draws.parquet"), [4], h_ill=[0.1], alternative=["a"])
    without = frame[["h_ill"]]
    same(read(without.set_index(pd.Index([5, 9])), "draws.parquet"), [0, 1], h_ill=[0.1, 0.2])
    same(read(without, "draws.parquet"), [0, 1], h_ill=[0.1, 0.2])


def test_numbers_of_other_types_in_parquet(read):
    table = pa.table({
        "h_ill": pa.array([1, 2], pa.int32()), "p_uptake": pa.array([0.5, 0.25], pa.float32()),
        "u_well": pa.array([Decimal("0.10"), Decimal("0.75")]), "c_ill": pa.array(["1", "2.5"]),
        "alternative": pa.array(["a", "a"]).dictionary_encode(),
    })  # fmt: skip
    draws = read(table, "draws.parquet")
    same(draws, [0, 1], h_ill=[1, 2], p_uptake=[0.5, 0.25], u_well=[0.1, 0.75], c_ill=[1, 2.5], alternative=["a", "a"])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_every_bit_is_kept(model, tmp_path_factory, values):
    """Through text of 17 digits, and through Parquet."""
    folder = tmp_path_factory.mktemp("draws")
    (folder / "a.csv").write_text("h_ill\n" + "".join(f"{value!r}\n" for value in values))
    (folder / "b.csv").write_text("h_ill\n" + "".join(f"{value:.17g}\n" for value in values))
    pq.write_table(pa.table({"h_ill": values}), folder / "c.parquet")
    for name in ("a.csv", "b.csv", "c.parquet"):
        read = read_draws(folder / name, model, PLACE)["h_ill"]
        assert read.to_numpy().tobytes() == struct.pack(f"<{len(values)}d", *values), name


def test_draws_of_the_model_come_back_as_they_were(model, read):
    drawn = pd.DataFrame(model.parameters.draws(500, seed=0))
    drawn.index.name = "draw"
    by_text, by_parquet = read(drawn.to_csv()), read(drawn.reset_index(), "draws.parquet")
    pd.testing.assert_frame_equal(by_text, drawn, check_exact=True, check_index_type=False)
    pd.testing.assert_frame_equal(by_parquet, drawn, check_exact=True, check_index_type=False)


def test_what_is_out_of_range_is_left_to_the_run(read):
    """There it is counted as refused, parameter by parameter."""
    same(read("p_uptake\n1.5\n-0.5\n"), [0, 1], p_uptake=[1.5, -0.5])


# --- what is refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("h_il,p_uptake\n1,2\n", "no parameter is named h_il. Did you mean h_ill?"),
        ("p_found\n1\n", "the column p_found is a derived value, no parameter. Draw the parameters it is made of"),
        ('"","h_ill"\n"1",0.5\n', "column 1 has no name. Leave out the column of row names, or name it draw."),
        ("h_ill,h_ill\n1,2\n", "the column h_ill stands 2 times. Keep it once."),
        ("h_ill;p_uptake\n1;2\n", "found one column, 'h_ill;p_uptake'. Put commas between columns."),
        ("draw\n1\n", "no column is a parameter of the model. Allowed: births, c_confirm"),
        ("h_ill\n", "the file holds no draws. It needs a row for each."),
        (
            "draw,h_ill\n1,1\n1,2\n4,3\n4,3\n5,1\n",
            "draws.csv draw: 2 draw numbers stand more than once, the first is 1. Number all draws of all chains",
        ),
        (
            "draw,h_ill\n0,1\n1.5,1\n",
            "draws.csv draw: 1 of 2 cells cannot be used, the first in row 2: 1.5. Draws have",
        ),
        (
            "draw,h_ill\n-1,1\n1,1\n",
            "draw: 1 of 2 cells cannot be used, the first in row 1: -1. Draws have whole numbers",
        ),
        ("draw,h_ill\n1e16,1\n1,1\n", "draw: 1 of 2 cells cannot be used, the first in row 1: 1e16."),
        ("draw,h_ill\nchain1,1\n1,1\n", "draw: 1 of 2 cells cannot be used, the first in row 1: 'chain1'."),
        (
            "h_ill,p_uptake\n1,2\nx,3\n4,5\nNA,6\n",
            "draws.csv h_ill: 2 of 4 cells cannot be used, the first in row 2: 'x'. Every draw needs a finite",
        ),
        ("h_ill,p_uptake\n1,2\n,3\n", "h_ill: 1 of 2 cells cannot be used, the first in row 2: an empty cell."),
        ("h_ill,p_uptake\n1,2\n3\n", "p_uptake: 1 of 2 cells cannot be used, the first in row 2: an empty cell."),
        ("h_ill\nnan\n", "h_ill: 1 of 1 cells cannot be used, the first in row 1: 'nan'."),
        ("h_ill\n1e400\n", "h_ill: 1 of 1 cells cannot be used, the first in row 1: '1e400'."),
        ("h_ill\n1_000\n", "h_ill: 1 of 1 cells cannot be used, the first in row 1: '1_000'."),
        ('h_ill\n"0,5"\n', "h_ill: 1 of 1 cells cannot be used, the first in row 1: '0,5'."),
        ("# drawn\nh_ill\n0.1 # or so\n", "h_ill: 1 of 1 cells cannot be used, the first in row 1: '0.1 # or so'."),
        ("h_ill\n0.1\0\n", "h_ill: 1 of 1 cells cannot be used, the first in row 1: '0.1\\x00'."),
        ("h_ill\n5%\n", "h_ill: 1 of 1 cells cannot be used, the first in row 1: '5%'."),
        (
            "alternative,h_ill\na,1\n ,1\n",
            "alternative: 1 of 2 cells cannot be used, the first in row 2: an empty cell.",
        ),
    ],
)
def test_refused(read, text, message):
    found = problems(read, text)
    assert len(found) == 1 and found[0].startswith(f"{PLACE} > draws.csv") and message in found[0]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "draws.csv", "draws.csv cannot be read: No columns to parse from file."),
        ("# nothing\n", "draws.csv", "draws.csv cannot be read: No columns to parse from file."),
        ("h_ill\n1,2\n", "draws.csv", "draws.csv cannot be read: Expected 1 fields in line 2, saw 2."),
        ("# a\nh_ill,p_uptake\n# b\n1,2,3\n", "draws.csv", "cannot be read: Expected 2 fields in line 4, saw 3."),
        ("h_ill,p_uptake\n1,2\n1,2,3\n", "draws.csv", "cannot be read: Expected 2 fields in line 3, saw 3."),
        (b"h_ill\n\xff\n", "draws.csv", "draws.csv cannot be read: it is not UTF-8 text."),
        ("h_ill\n1\n", "draws.csv.gz", "draws.csv.gz cannot be read: Not a gzipped file"),
        (gzip.compress(b"h_ill\n" + b"0.123\n" * 9, mtime=0)[:-9], "draws.csv.gz", "draws.csv.gz cannot be read:"),
        ("h_ill\n1\n", "draws.parquet", "draws.parquet cannot be read:"),
        (
            "h_ill\n1\n",
            "draws.xlsx",
            "draws.xlsx is of a kind that is not read. Allowed endings: .csv, .csv.gz, .parquet.",
        ),
    ],
)
def test_what_cannot_be_read(read, content, name, message):
    found = problems(read, content, name)
    assert len(found) == 1 and found[0].startswith(f"{PLACE}: ") and message in found[0]


def test_no_such_file(read, model, tmp_path):
    read("h_ill\n1\n")
    for name, message in (
        ("draw.csv", "there is no file draw.csv. Did you mean draws.csv?"),
        ("far/off.csv", "there is no file far/off.csv. There are none here."),
        (".", "is no file. Name a file of draws."),
        ("a\0.csv", "a?.csv"),  # some versions of Python say that it does not exist, others that it cannot
        ("x" * 5000 + ".csv", "cannot be read: "),
    ):
        with pytest.raises(InputError) as refused:
            read_draws(Path(name), model, PLACE)
        assert message in str(refused.value) and str(refused.value).startswith(PLACE)


def test_cells_of_parquet_that_are_no_numbers(read):
    table = pa.table({
        "h_ill": [True, False], "p_uptake": pa.array([1, None]), "u_well": [[1.0], [2.0]], "c_ill": [None, 1.5],
        "c_drug": pa.array([0, 1], pa.timestamp("s")), "c_death": [float("inf"), 1.0], "alternative": [None, "a"],
    })  # fmt: skip
    found = problems(read, table, "draws.parquet")
    assert len(found) == 7
    for name, seen in (
        ("h_ill: 2 of 2", "'True'"), ("p_uptake: 1 of 2", "an empty cell"), ("u_well: 2 of 2", "'[1.]'"),
        ("c_ill: 1 of 2", "an empty cell"), ("c_drug: 2 of 2", "'1970-01-01"), ("c_death: 1 of 2", "'inf'"),
        ("alternative: 1 of 2", "an empty cell"),
    ):  # fmt: skip
        assert any(name in line and seen in line for line in found), (name, found)


def test_a_damaged_parquet_file_is_no_traceback(read):
    """Every byte of a small file changed in turn: numbers come back or a message."""
    read(pd.DataFrame({"h_ill": [0.5, 0.25]}), "draws.parquet")
    whole = Path("draws.parquet").read_bytes()
    refused = 0
    for i in range(0, len(whole), 7):
        try:
            read(whole[:i] + bytes([whole[i] ^ 0x55]) + whole[i + 1 :], "draws.parquet")
        except InputError:
            refused += 1
    assert refused > 10
    for i in range(0, len(whole), 50):
        assert problems(read, whole[:i], "draws.parquet")


def test_everything_at_once(read):
    assert len(problems(read, "h_il,p_uptak,h_ill,h_ill\n1,2,3,4\n")) == 3
    assert len(problems(read, "draw,h_ill,p_uptake,alternative\n1,x,3,\n1,2,,a\n")) == 4


def test_ten_thousand_draws_of_many_columns(model, read):
    drawn = pd.DataFrame(model.parameters.draws(10_000, seed=1))
    assert len(read(drawn.to_csv(index_label="draw"))) == 10_000
