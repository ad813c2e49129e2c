"""The command `calibrate`: a toy model with known parameters, its tables, figures, exit codes and refusals."""

import json
import sys
from textwrap import dedent

import numpy as np
import pytest
from helpers import write_files

from nbsmodel.cli import main
from nbsmodel.errors import InputError
from nbsmodel.run.calibrate import calibrate
from nbsmodel.run.validate import validate

MODEL = """\
    title: Toy
    condition: None
    decision_problem: None
    population: Nobody
    perspective: None
    currency: GBP
    price_year: 2024/25
    basis: birth
    births_per_year: births
    strategies:
      usual: {label: Usual, screened: 0}
      screening: {label: Screening, screened: 1}
    comparator: usual
    choices: {outlook: [plain, worse]}
    derived:
      early: {value: f + (1 - f) * screened, unit: probability}
    outcomes:
      deaths: {label: Deaths, unit: deaths, discounted_as: none}
    tree:
      ill:
        p: p_ill
        case: true
        then:
          early: {p: early, payoffs: [{outcome: deaths, value: m_early}]}
          late:
            p: rest
            payoffs:
              - {outcome: deaths, value: m_late}
              - {outcome: cost, value: c_late * (2 if outlook == worse else 1)}
      well: {p: rest, payoffs: [{outcome: qaly, value: 1}]}
    """
PARAMETERS = """\
    name,label,value,unit,distribution,source,status
    births,Births,780835,count,,x,assumption
    p_ill,Ill,17/780835,probability,,x,assumption
    f,Family history,0.3,probability,,x,assumption
    m_early,Deaths early,0.2,probability,"beta(alpha=20, beta=80)",x,calibrated
    m_late,Deaths late,0.5,probability,,x,calibrated
    c_late,Cost,100,GBP,,x,assumption
    s_one,Share one,0.4,share,"dirichlet(group=g, count=4)",x,assumption
    s_two,Share two,0.6,share,"dirichlet(group=g, count=6)",x,assumption
    """
CALIBRATION = """\
    title: Toy calibration
    parameters:
      m_early: {between: [0.01, 0.4]}
      m_late: {between: [0.3, 1]}
    targets:
      - quantity: Deaths a year, usual
        measure: {total: deaths, strategy: usual, undiscounted: true, per: year}
        value: 8.1
        within: 0.05
        source: x
      - quantity: Deaths a year, screening
        measure: {total: deaths, strategy: screening, undiscounted: true, per: year}
        value: 1.7
        se: 0.05
        source: x
        where: Abstract
    starts: 6
    profiles:
      - {fix: p_ill, at: [1/40000, 1/46000, 1/58000, 1/90000]}
    """
F = 0.3


def write(folder, calibration=CALIBRATION, *edits):
    files = {"model.yaml": MODEL, "parameters.csv": PARAMETERS, "sources.yaml": "x: {citation: Nobody}\n"}
    files = {name: dedent(text) for name, text in files.items()}
    text = dedent(calibration)
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    write_files(folder, {f"model/{n}": t for n, t in (files | {"calibration.yaml": text}).items()})
    return folder / "model"


def solution(cases):
    """The two equations by hand."""
    m_early = 1.7 / cases
    return m_early, (8.1 / cases - F * m_early) / (1 - F)


def test_the_two_mortalities_are_found(tmp_path):
    found = calibrate(write(tmp_path), write=False)
    assert found.met
    table = found.tables["calibration"].set_index("parameter")
    assert table["fitted"].tolist() == pytest.approx(solution(17), rel=1e-7)
    assert table["start"].tolist() == [0.2, 0.5]
    assert not table["ridge"].any()
    assert not table["at_bound"].any()
    targets = found.tables["calibration_targets"]
    assert targets["ours"].tolist() == pytest.approx([8.1, 1.7], abs=1e-8)
    assert targets["allowed"].tolist() == pytest.approx([0.05, 0.05 * 1.96], rel=1e-3)
    assert targets["where"].tolist() == ["", "Abstract"]


def test_the_profile_is_the_ridge_by_hand(tmp_path):
    table = calibrate(write(tmp_path), write=False).tables["calibration_profile"]
    for value, rows in table.groupby("at"):
        cases = 780_835 * float(value)
        if value > 1 / 60_000:
            assert rows["fitted"].tolist() == pytest.approx(solution(cases), rel=1e-6)
            assert rows["targets_met"].all()
        else:  # too few cases for so many deaths, even if all die
            assert not rows["targets_met"].any()
            assert rows.set_index("parameter").loc["m_late", "at_bound"]


def test_more_parameters_than_targets_are_said_to_be_a_ridge(tmp_path, monkeypatch, capsys):
    model = write(tmp_path, CALIBRATION, ("m_late: {between: [0.3, 1]}", "m_late: {between: [0.3, 1]}\n  p_ill: {between: 20%}"))  # fmt: skip # noqa: E501
    found = calibrate(model, write=False)
    table = found.tables["calibration"].set_index("parameter")
    assert table["ridge"].all()
    assert table.loc["m_late", "high"] - table.loc["m_late", "low"] > 0.03
    assert table.loc["p_ill", "lower_bound"] == pytest.approx(0.8 * 17 / 780_835)
    solutions = found.tables["calibration_solutions"].pivot_table(index="solution", columns="parameter", values="value")
    good = found.tables["calibration_solutions"].query("fits_as_well")["solution"].unique()
    assert len(good) > 1
    for number in good:
        row = solutions.loc[number]
        assert (row["m_early"], row["m_late"]) == pytest.approx(solution(780_835 * row["p_ill"]), rel=1e-4)
    monkeypatch.chdir(tmp_path)
    assert run_cli(monkeypatch, "calibrate", "model") == 0
    out = capsys.readouterr().out
    assert "more parameters (3) than targets (2)" in out
    assert "ridge" in out


def run_cli(monkeypatch, *args):
    monkeypatch.setattr(sys, "argv", ["nbsmodel", *map(str, args)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code or 0


def test_files_figures_and_exit_codes(tmp_path, monkeypatch, capsys):
    model, out = write(tmp_path), tmp_path / "out"
    assert run_cli(monkeypatch, "calibrate", model, "--out", out) == 0
    text = capsys.readouterr().out
    assert "Deaths a year, usual" in text
    assert "1 solution that fit" in text
    assert "The targets determine the parameters" in text
    names = {p.name for p in out.iterdir()}
    assert names == {"calibration.csv", "calibration_targets.csv", "calibration_solutions.csv",
                     "calibration_profile.csv", "figures", "manifest.json"}  # fmt: skip
    figures = {p.name for p in (out / "figures").iterdir()}
    assert figures == {f"{n}.{e}" for n in ("calibration", "calibration_profile_1") for e in ("png", "svg")}
    hashes = json.loads((out / "manifest.json").read_text())["inputs"]
    assert any(name.endswith("calibration.yaml") for name in hashes)
    again = tmp_path / "again"
    assert run_cli(monkeypatch, "calibrate", model, "--out", again, "--quiet") == 0
    assert capsys.readouterr().out == ""
    for file in (*out.glob("*.csv"), *out.glob("figures/*")):
        assert file.read_bytes() == (again / file.relative_to(out)).read_bytes(), file.name
    assert run_cli(monkeypatch, "calibrate", model, "--out", out) == 2
    assert "--force" in capsys.readouterr().err
    assert run_cli(monkeypatch, "calibrate", model, "--out", out, "--force") == 0


def test_a_target_out_of_reach_gives_exit_code_1(tmp_path, monkeypatch, capsys):
    model = write(tmp_path, CALIBRATION, ("value: 8.1", "value: 30"))
    assert run_cli(monkeypatch, "calibrate", model, "--out", tmp_path / "out") == 1
    out = capsys.readouterr().out
    assert "NO" in out
    assert "at bound" in out


def test_a_config_changes_what_is_calibrated(tmp_path):
    write(tmp_path)
    write_files(tmp_path, {"few.yaml": "model: model\noverrides: {p_ill: 1/58000}\n".replace("1/58000", "0.0000172"),
                           "start.yaml": "model: model\noverrides: {m_late: 0.9}\n"})  # fmt: skip
    found = calibrate(tmp_path / "few.yaml", write=False)
    fitted = found.tables["calibration"]["fitted"].tolist()
    assert fitted == pytest.approx(solution(780_835 * 0.0000172), rel=1e-7)
    start = calibrate(tmp_path / "start.yaml", ["seed=5"], write=False).tables["calibration"]
    assert start["start"].tolist() == [0.2, 0.9]
    assert start["fitted"].tolist() == pytest.approx(solution(17), rel=1e-7)


def test_a_target_belongs_to_its_own_run(tmp_path):
    """A third target, of a run with another choice and another number of cases, gives the cost."""
    more = """\
      - quantity: Cost, worse
        measure: {total: cost, strategy: usual}
        value: 0.01
        tolerance: 0.001
        with: {choices: {outlook: worse}, overrides: {p_ill: 0.0001}}
        source: x
    starts: 6
    """
    text = CALIBRATION[: CALIBRATION.index("    starts: 6")] + more
    text = text.replace("m_late: {between: [0.3, 1]}", "m_late: {between: [0.3, 1]}\n      c_late: {between: [0, 200]}")
    found = calibrate(write(tmp_path, text), write=False)
    fitted = found.tables["calibration"].set_index("parameter")["fitted"]
    assert fitted["c_late"] == pytest.approx(0.01 / (0.0001 * 0.7 * 2), rel=1e-6)
    assert found.met


REFUSED = {
    "unknown parameter": (("m_late: {between: [0.3, 1]}", "m_lat: {between: [0.3, 1]}"),
                          "no parameter is named m_lat", "Did you mean m_late"),
    "derived value": (("m_late: {between: [0.3, 1]}", "early: {between: [0.3, 1]}"), "derived value", "screened"),
    "bounds reversed": (("[0.3, 1]", "[1, 0.3]"), "not below", "[low, high]"),
    "bounds beyond the unit": (("[0.3, 1]", "[0.3, 1.5]"), "1.5 is no probability", "between 0 and 1"),
    "value in force outside": (("[0.3, 1]", "[0.6, 1]"), "0.5, lies outside 0.6 to 1", "Widen"),
    "share": (("m_late: {between: [0.3, 1]}", "s_one: {between: [0.3, 1]}"), "share of one whole", "derive the shares"),
    "unknown outcome": (("{total: deaths, strategy: usual,", "{total: death, strategy: usual,"),
                        "no outcome is named death", "Did you mean deaths"),
    "unknown source": (("se: 0.05\n    source: x", "se: 0.05\n    source: y"), "the source y", "x"),
    "no scale": (("se: 0.05", "note: none"), "exactly one of `se`, `within` (absolute) and `tolerance`", ""),
    "scale of zero": (("within: 0.05", "within: 0"), "above 0", ""),
    "unknown key": (("starts: 6", "start: 6"), "start", "Did you mean starts"),
    "profile of nothing": (("fix: p_ill", "fix: p_il"), "no parameter is named p_il", "p_ill"),
    "profile beyond the unit": (("1/90000]", "7/5]"), "1.4 is no probability", ""),
    "fitted and fixed": (("value: 8.1", "value: 8.1\n    with: {overrides: {m_late: 0.5}}"),
                         "m_late is fitted or profiled", "Remove"),
    "unknown override": (("value: 8.1", "value: 8.1\n    with: {overrides: {m_lat: 0.5}}"),
                         "no such parameter", "m_late"),
    "profile of a value that is no number": (("1/90000]", "one]"), "one", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_place(case, tmp_path):
    edit, found, fix = REFUSED[case]
    model = write(tmp_path, CALIBRATION, edit)
    with pytest.raises(InputError) as error:
        calibrate(model, write=False)
    text = str(error.value)
    assert "calibration.yaml:" in text
    assert found in text
    assert fix in text
    problems, _ = validate([model])
    assert any(found in str(p) for p in problems)


def test_all_mistakes_at_once(tmp_path):
    model = write(tmp_path, CALIBRATION, ("[0.3, 1]", "[0.6, 1]"), ("fix: p_ill", "fix: p_il"))
    with pytest.raises(InputError) as error:
        calibrate(model, write=False)
    assert len(error.value.problems) == 2


def test_a_model_without_the_file_and_simulated_children_are_refused(tmp_path):
    model = write(tmp_path)
    with pytest.raises(InputError, match="engine: cohort"):
        calibrate(model, ["engine=microsimulation"], write=False)
    (model / "calibration.yaml").unlink()
    with pytest.raises(InputError, match=r"this model has no calibration\.yaml"):
        calibrate(model, write=False)


def test_validate_looks_at_the_model_and_not_at_what_a_config_changes(tmp_path):
    write(tmp_path)
    write_files(tmp_path, {"low.yaml": "model: model\noverrides: {m_late: 0.1}\n"})
    assert validate([tmp_path / "low.yaml"])[0] == []
    with pytest.raises(InputError, match="lies outside"):
        calibrate(tmp_path / "low.yaml", write=False)


def test_another_seed_gives_the_same_answer_where_there_is_one(tmp_path):
    model = write(tmp_path)
    one, two = (calibrate(model, [f"seed={s}"], write=False).tables["calibration"]["fitted"] for s in (1, 2))
    assert np.allclose(one, two, rtol=1e-9)
