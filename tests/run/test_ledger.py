"""The ledger: every shipped result, the page that shows them, folders of models, what is refused."""

import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from helpers import write_complete
from hypothesis import given, settings
from hypothesis import strategies as st

import nbsmodel
from nbsmodel.analysis.verdict import MEANING
from nbsmodel.cli import main
from nbsmodel.errors import InputError
from nbsmodel.report.reproductions import MARK, NotReproduced, Part, reproductions_page
from nbsmodel.run.ledger import ledger_page, make_ledger, reproduce_all
from nbsmodel.run.reproduce import COLUMNS

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [Path("models"), Path("tests/models")]
PAGE = Path("docs/reproductions.md")

PUBLISHED = """\
study: Invented
results:
  - {quantity: Children found, measure: {class: true_positive, strategy: screening}, value: 0.0000855, tolerance: 0.001,
     kind: published, source: smith, where: Table 1}
"""


# --- What is shipped


@pytest.fixture(scope="module")
def ledger():
    here = pytest.MonkeyPatch()
    here.chdir(ROOT)
    try:
        parts = make_ledger(FOLDERS)
        return parts, ledger_page(parts, FOLDERS, PAGE)
    finally:
        here.undo()


@pytest.fixture(scope="module")
def table(ledger):
    return pd.concat([part.table for part in ledger[0]], ignore_index=True)


def test_the_page_is_up_to_date(ledger):
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    again = re.search(r"^    (nbsmodel reproduce .*)$", written, re.MULTILINE).group(1)
    stale = [
        f"was: {a}\n  is: {b}" for a, b in zip(written.splitlines(), ledger[1].splitlines(), strict=False) if a != b
    ]
    assert written == ledger[1], f"out of date: run `{again}`\n" + "\n".join(stale[:5])


def test_every_model_with_published_results_is_in_it(table):
    there = {
        p.parent.relative_to(ROOT).as_posix() for folder in FOLDERS for p in (ROOT / folder).rglob("published.yaml")
    }
    assert set(table["model"]) == there


def test_no_model_of_a_condition_differs_and_every_gap_has_a_reason(table):
    """Two papers differ from the re-implementations that their oracles were taken from, and so from us."""
    differs = table[table["verdict"].str.startswith("differs")]
    assert set(differs["model"]) == {"tests/models/sumatriptan", "tests/models/tkr_dong_buxton"} and len(differs) == 4
    assert (differs["reason"] != "").all()
    gaps = table[table["verdict"].isin([*list(MEANING)[2:]])]
    assert len(gaps) > 10
    assert gaps[gaps["reason"] == ""].empty, gaps[gaps["reason"] == ""]["quantity"].tolist()


def test_only_known_verdicts(table):
    assert set(table["verdict"].str.partition(":")[0]) <= {v.partition(":")[0] for v in MEANING}


def test_fitted_parameters_are_never_called_reproductions(table):
    """A reason that says solved or fitted belongs to a verdict that says so too."""
    fitted = table[table["reason"].str.contains(r"\bsolved from\b|\bwas picked\b|\bcalibrated to\b")]
    assert set(fitted["verdict"]) <= {"calibrated", "benchmark: inputs not public"}


def test_counts_at_the_head_add_up(ledger):
    """All results, and those that no publication holds, each in a column."""
    parts, page = ledger
    rows = [r for r in page.splitlines() if r.startswith(tuple(f"| {v} |" for v in [*MEANING, "all"]))]
    counts = [[int(cell) for cell in row.strip(" |").split(" | ")[2:]] for row in rows]
    wanted = [len(t) for part in parts for t in (part.table, part.own_rows)]
    assert counts[-1] == wanted == [sum(column) for column in zip(*counts[:-1], strict=True)]


def test_our_own_arithmetic_is_not_counted_as_published(ledger):
    """Nine in ten of what is exact here is a rewrite or arithmetic on printed inputs, and the page says so."""
    parts, page = ledger
    exact = page.partition("\n| exact | ")[2].partition("\n")[0].split(" | ")[1:3]
    assert int(exact[1].strip(" |")) > 0.8 * int(exact[0])
    own = parts[0].own_rows
    assert set(own["source"]) == {"project_arithmetic", "expected_value_rewrite"}
    assert not parts[0].table.drop(own.index)["where"].str.contains("585195").any()  # our product of their figures
    overview = next(r for r in page.splitlines() if r.startswith("| `models/sma/broekhoff2021_nl` |"))
    assert overview.endswith("| 157 | 141 |")


def test_results_left_out_are_listed(ledger):
    parts, page = ledger
    assert parts[0].not_reproduced and not parts[1].not_reproduced
    section = page.partition("### Published results that no model here speaks to, and why")[2].partition("\n## ")[0]
    for left_out in parts[0].not_reproduced:
        assert f"| {left_out.study} |" in section
        assert left_out.why in section


def test_a_simulated_model_is_simulated_as_it_says(table):
    folder = ROOT / "models" / "sma" / "uk_children"
    result = nbsmodel.evaluate(nbsmodel.load_model(folder), engine="microsimulation", individuals=20000, seed=1)
    gained = result.births * (result.total("qaly", "screening") - result.total("qaly", "no_screening"))
    rows = table[
        (table["model"] == "models/sma/uk_children") & table["quantity"].str.startswith("QALYs gained, a year")
    ]
    assert list(rows["ours"]) == list(gained)


# --- The page


def part_of(**changed):
    row = {
        "study": "Study", "quantity": "Cost", "published": 138875.0, "ours": 138983.9229, "difference": 108.9229,
        "tolerance": "2%", "verdict": "within noise", "reason": "Chance", "model": "models/a", "source": "smith",
        "where": "Table 1", **changed,
    }  # fmt: skip
    return Part("Models", "About", pd.DataFrame([row], columns=COLUMNS))


def row_of(part):
    page = reproductions_page([part], MEANING, "nbsmodel reproduce models")
    return next(line for line in page.splitlines() if line.startswith(f"| {part.table['quantity'][0]} |"))


def test_a_row():
    assert row_of(part_of()) == "| Cost | 138,875 | 138,984 | 109 | 2% | within noise | Chance | smith, Table 1 |"


@pytest.mark.parametrize(
    ("published", "ours", "shown"),
    [
        (0.57, 0.5638848, "0.57 | 0.5639 | −0.0061"),
        (3.1697928e-05, 3.1697928e-05, "0.000031697928 | 0.000031697928 | 0"),
        (928741.4768, 928741.4768 * (1 + 1e-13), "928,741.4768 | 928,741.4768 | 0"),
        (0.0, 3e-17, "0 | 0 | 0"),
        (-62191531.0, -28141635.2, "−62,191,531 | −28,141,635 | 34,049,896"),
        (35311.0, float("nan"), "35,311 | none | "),
    ],
)
def test_digits(published, ours, shown):
    assert f"| {shown} |" in row_of(part_of(published=published, ours=ours, difference=ours - published))


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-6, 1e9), st.floats(-0.5, 0.5), st.integers(-40, 40), st.integers(2, 9))
def test_noise_in_the_last_digits_never_shows(size, share, steps, digits):
    """Figures computed elsewhere differ by some units in the last place; the page is the same."""
    published = float(f"{size:.{digits}g}")
    ours = float(f"{published * (1 + share):.9g}")  # a decimal of few digits lies on no edge of rounding
    noisy = ours * (1 + steps * 2.2e-16)
    pages = [row_of(part_of(published=published, ours=x, difference=x - published)) for x in (ours, noisy)]
    assert pages[0] == pages[1]


def test_a_difference_without_a_reason_says_so():
    assert "| differs | reason unknown |" in row_of(part_of(verdict="differs: reason unknown", reason=""))
    assert "| differs | Known |" in row_of(part_of(verdict="differs: Known", reason="Known"))


def test_text_cannot_break_a_table():
    row = row_of(part_of(reason="a | b\nc"))
    assert "| a \\| b c |" in row
    assert len(re.split(r"(?<!\\)\|", row)) == len(re.split(r"(?<!\\)\|", row_of(part_of())))


def test_a_long_table_is_folded_below_what_is_telling():
    rows = [part_of(quantity=f"Row {i}", verdict="exact").table for i in range(60)]
    many = pd.concat([*rows, part_of(quantity="Telling").table], ignore_index=True)
    page = reproductions_page([Part("Models", "", many)], MEANING, "nbsmodel reproduce models")
    assert "<summary>All 61 results</summary>" in page
    assert page.count("| Telling |") == 2
    assert page.count("| Row 3 |") == 1
    assert page.index("| Telling |") < page.index("<details>") < page.index("| Row 3 |")


def test_left_out_results_of_a_part():
    part = Part("Models", "", part_of().table, (NotReproduced("Chan", "A journal", ("all", "costs"), "Not read"),))
    page = reproductions_page([part], MEANING, "nbsmodel reproduce models")
    assert "| Chan | all; costs | Not read | A journal |" in page


# --- Folders of models, and what is refused


def small(tmp_path, name="one", published=PUBLISHED, tail=""):
    folder = tmp_path / "models" / name
    write_complete(folder)
    (folder / "model" / "published.yaml").write_text(published + tail)
    return folder / "model"


def test_folders_of_models_and_single_models(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small(tmp_path, "one"), small(tmp_path, "two")
    (Path("models") / "reproductions.yaml").write_text("title: Ours\nabout: Two models\n")
    parts = make_ledger([Path("models/two/model"), Path("models")])
    assert [p.title for p in parts] == ["models/two/model", "Ours"]
    assert [list(p.table["model"]) for p in parts] == [["models/two/model"], ["models/one/model"]]  # each once


def test_the_default_is_the_folder_models(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small(tmp_path)
    table = reproduce_all(None, Path("out"), force=False, markdown=Path("page.md"))
    assert list(table.columns) == COLUMNS
    assert pd.read_csv("out/reproduction.csv").columns.tolist() == COLUMNS
    assert Path("page.md").read_text().startswith(MARK)
    with pytest.raises(InputError, match="--force"):
        reproduce_all(None, Path("out"), force=False)
    reproduce_all(None, Path("out"), force=True, markdown=Path("page.md"))  # its own page is replaced


def test_another_file_is_never_overwritten(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small(tmp_path)
    Path("page.md").write_text("# Mine\n")
    with pytest.raises(InputError, match=r"page\.md: this file was not written by nbsmodel reproduce"):
        reproduce_all(None, Path("out"), force=True, markdown=Path("page.md"))
    assert Path("page.md").read_text() == "# Mine\n"
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("about: no title\n", "reproductions.yaml.*title"),
        ("title: A\nnot_reproduced: [{study: B, source: C, results: [], why: D}]\n", "reproductions.yaml:2.*results"),
        ("title: A\nnot_reproduced: [{study: B, source: C, results: [all]}]\n", "reproductions.yaml:2.*why"),
        ("titel: A\n", "Did you mean title"),
        ("title: A\nown: [smit]\n", "no result here has the source smit.*Did you mean smith"),
    ],
)
def test_a_bad_description_of_a_folder(tmp_path, text, message):
    small(tmp_path)
    (tmp_path / "models" / "reproductions.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        make_ledger([tmp_path / "models"])


def test_every_problem_of_every_folder_at_once(tmp_path):
    small(tmp_path, "one", PUBLISHED.replace("smith", "smyth"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as error:
        make_ledger([tmp_path / "models", tmp_path / "empty", tmp_path / "nowhere"])
    text = str(error.value)
    assert "the source smyth is not in sources.yaml. Did you mean smith?" in text
    assert "no model with a published.yaml was found" in text
    assert "nowhere" in text


@pytest.mark.parametrize("value", ["0", "-5", "1.5", "many"])
def test_how_many_children_to_simulate(tmp_path, value):
    folder = small(tmp_path, tail=f"simulation: {{individuals: {value}}}\n")
    with pytest.raises(InputError, match=r"published\.yaml:\d+ simulation\.individuals"):
        nbsmodel.reproduce(folder)


def test_net_benefit_against_another_strategy():
    """`nmb` with `versus` is the difference of the two, also where neither is the comparator."""
    folder = ROOT / "models" / "sma" / "ecrd2020_us"
    result = nbsmodel.evaluate(nbsmodel.load_model(folder))
    from nbsmodel.run.measure import measure_of
    from nbsmodel.run.published import MeasureSchema

    for strategy, versus, by_hand in [
        ("screen_treat_3_or_fewer", "no_screening", 50_000 * 8.42 + 142_303),
        ("screen_treat_all", "screen_treat_3_or_fewer", 50_000 * (9.00 - 8.42) - 664_274),
    ]:
        measure = MeasureSchema(nmb=strategy, versus=versus, threshold=50_000, per="year")
        assert measure_of(result, measure, "here") == pytest.approx(by_hand, rel=1e-9)


def test_the_command_writes_the_page_and_falls_short(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small(tmp_path, published=PUBLISHED.replace("0.0000855", "0.0000955"))
    monkeypatch.setattr(sys, "argv", ["nbsmodel", "reproduce", "--out", "out", "--markdown", "page.md"])
    with pytest.raises(SystemExit) as stop:
        main()
    out = capsys.readouterr().out
    assert stop.value.code == 1
    assert "differs: reason unknown" in out
    assert "models/one/model: Invented" in out
    assert "| differs | reason unknown |" in Path("page.md").read_text(encoding="utf-8")
    assert pd.read_csv("out/reproduction.csv")["verdict"].tolist() == ["differs: reason unknown"]
