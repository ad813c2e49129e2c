"""A run with simulated children: its tables, its record, the same bytes whatever the threads, a clean stop."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from helpers import write_complete
from simulated import CONFIG, write_simulated

import nbsmodel
from nbsmodel.cli import main
from nbsmodel.errors import InputError
from nbsmodel.run.show import cea_for_people


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return write_simulated(tmp_path_factory.mktemp("simulated"))


@pytest.fixture(scope="module")
def output(config, tmp_path_factory):
    return nbsmodel.run(config, ["children=true"], out=tmp_path_factory.mktemp("out") / "a", threads=1)


def table(output, name):
    return pd.read_csv(output.folder / f"{name}.csv")


def test_means_and_errors_are_those_of_the_engine(output):
    error, result = output.result.simulation, output.result
    rows = table(output, "simulation").set_index(["strategy", "outcome", "threshold"]).sort_index()
    for outcome in ("cost", "qaly", "life_years", "admission"):
        row = rows.loc[("screening", outcome)].iloc[0]
        means = result.by_strategy(outcome)[0]
        assert row["mean"] == means[1] and row["increment"] == pytest.approx(means[1] - means[0], rel=1e-9)
        assert row["se"] == error.of_mean(outcome, 1)[0] > 0
        assert row["increment_se"] == error.of_increment(outcome, 1)[0]
        assert row["increment_high95"] - row["increment_low95"] == pytest.approx(
            2 * 1.96 * row["increment_se"], rel=1e-4
        )
        assert np.isnan(rows.loc[("usual", outcome)].iloc[0]["increment"])
    inmb = rows.loc[("screening", "nmb", 20000.0)]
    assert inmb["increment_se"] == error.of_net_benefit("qaly", 20000.0, 1, error.comparator)[0]
    assert inmb["basis"] == "birth" and inmb["unit"] == "GBP"


def test_errors_stand_beside_the_headline(output):
    cea, pairwise, benefit = (table(output, name) for name in ("cea", "pairwise", "net_benefit"))
    error = output.result.simulation
    assert set(cea["cost_se"]) == {error.of_mean("cost", s)[0] for s in (0, 1)}
    assert {"qaly_se", "life_years_se", "inc_cost_se", "inc_qaly_se", "nmb_20000_se"} <= set(cea.columns)
    assert pairwise["inc_cost_se"].iloc[0] == error.of_increment("cost", 1)[0]
    assert list(cea["inc_cost"].isna()) == list(cea["inc_cost_se"].isna())
    row = benefit[(benefit["strategy"] == "screening") & (benefit["threshold"] == 30000)].iloc[0]
    assert row["inc_nhb_se"] == pytest.approx(row["inc_nmb_se"] / 30000)


def test_who_was_simulated_and_who_differs(output):
    summary = table(output, "simulation_summary").set_index("strategy")
    assert list(summary["individuals"]) == [3000, 3000] and list(summary["seed"]) == [1, 1]
    assert summary["share_simulated"].to_numpy() == pytest.approx([1e-4, 1e-4])
    assert summary.loc["usual", "differ"] == summary.loc["usual", "rerouted"] == 0
    assert 0 < summary.loc["screening", "rerouted"] < 3000


def test_children_one_by_one_add_up(output):
    children = table(output, "children")
    assert list(children["individual"]) == list(range(3000))
    assert set(children["copies"]) == {2.0, 3.0}
    assert {p.rpartition(" > ")[2] for p in children["leaf_screening"]} == {"found", "missed"}
    spread = table(output, "distribution").fillna("").set_index(["strategy", "against", "outcome"])
    rows = table(output, "simulation").set_index(["strategy", "outcome"])
    for strategy in ("usual", "screening"):
        own = children[f"qaly_{strategy}"]
        assert spread.loc[(strategy, "", "qaly"), "mean"] == pytest.approx(own.mean())
        assert rows.loc[(strategy, "qaly"), "mean"] == pytest.approx(1e-4 * own.mean())  # the tree pays no QALYs
        assert spread.loc[(strategy, "", "qaly"), "p90"] == pytest.approx(own.quantile(0.9))
    step = children["cost_screening"] - children["cost_usual"]
    assert spread.loc[("screening", "usual", "cost"), "p5"] == pytest.approx(step.quantile(0.05))


def test_files_that_only_one_engine_makes(output):
    assert not (output.folder / "state_table.csv").exists()
    assert {"simulation", "distribution", "distribution_curves", "children", "trace"} <= set(output.tables)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_bytes_of_every_table_again(output, threads, tmp_path):
    again = nbsmodel.run(output.folder / "resolved_config.yaml", out=tmp_path / "b", threads=threads)
    for path in sorted(output.folder.glob("*.csv")):
        if path.name not in ("parameters.csv", "changes.csv", "departures.csv"):
            assert path.read_bytes() == (again.folder / path.name).read_bytes(), path.name


def test_the_record_says_what_was_simulated(output):
    manifest = json.loads((output.folder / "manifest.json").read_text())
    assert (manifest["engine"], manifest["seed"]) == ("microsimulation", 1)
    found = manifest["simulation"]
    assert (found["individuals"], found["threads"], found["half_width_asked"]) == (3000, 1, None)
    assert "numba" in manifest["libraries"] and "estimated_mb_per_draw" not in manifest


def test_another_seed_gives_other_children(config, output):
    other = nbsmodel.run(config, ["seed=2"], write=False)
    step = other.result.by_strategy("qaly") - output.result.by_strategy("qaly")
    assert np.all(step != 0)
    assert np.all(np.abs(step[0]) < 5 * np.array([output.result.simulation.of_mean("qaly", s)[0] for s in (0, 1)]))


def test_a_precision_stops_the_run(config):
    few = nbsmodel.run(config, ["precision.inmb=5000 per case", "individuals=200000"], write=False)
    summary = few.tables["simulation_summary"].iloc[1]
    assert summary["half_width_asked"] == pytest.approx(0.5)  # 5000 times the share of children simulated
    assert summary["inmb_half_width"] <= 0.5 and summary["individuals"] < 200_000


def test_a_precision_that_is_not_reached_is_said(config):
    output = nbsmodel.run(config, ["precision.inmb=0.01 per birth", "individuals=1000"], write=False)
    text = cea_for_people(output.scenario, output.tables)
    assert "1,000 children simulated, seed 1" in text and "Not as precise as asked" in text
    assert "95% interval of simulation" in text


def test_too_many_children_are_refused_with_their_line(config, monkeypatch):
    monkeypatch.chdir(config.parents[1])
    text = config.read_text().replace("individuals: 3000", "individuals: 900000000000")
    (config.parent / "many.yaml").write_text(text)
    with pytest.raises(InputError, match=r"^configs/many.yaml:\d+ individuals: 900,000,000,000 children"):
        nbsmodel.run("configs/many.yaml", write=False)
    problems, _ = nbsmodel.validate(["configs/many.yaml"])
    assert len(problems) == 1 and "many.yaml" in problems[0].place


# --- without engine: microsimulation


def test_the_cohort_engine_is_refused_everywhere(config):
    with pytest.raises(InputError, match="cannot follow copies, frailty.*Add `engine: microsimulation`"):
        nbsmodel.run(config, ["engine=cohort"], write=False)
    with pytest.raises(InputError, match="cannot follow copies, frailty"):
        nbsmodel.evaluate(nbsmodel.load_model(config.parents[1] / "model"))


def test_validate_simulates_a_model_folder(config):
    problems, _ = nbsmodel.validate([config.parents[1] / "model", config])
    assert problems == []


def test_validate_notes_what_has_no_effect(tmp_path):
    edit = (CONFIG, "title: Base case", "title: Base case\nindividuals: 5\nprecision: {inmb: 5 per birth}")
    problems, notes = nbsmodel.validate([write_complete(tmp_path, edit)])
    assert problems == []
    assert [n.rpartition(": no ")[0].rpartition(" ")[2] for n in notes if "no children" in n] == [
        "individuals", "precision",
    ]  # fmt: skip


def test_validate_notes_an_attribute_that_nothing_uses(tmp_path):
    attribute = "attributes: {eyes: {values: {1: 0.5, 0: rest}}}\noutcomes:\n"
    unused = ("model/model.yaml", "outcomes:\n", attribute)
    _, notes = nbsmodel.validate([write_complete(tmp_path, unused)])
    assert any("no formula uses the attribute eyes" in n for n in notes)


# --- from Python


def test_the_variance_of_nested_runs_is_split(config):
    model = nbsmodel.load_model(config.parents[1] / "model")
    draws = model.parameters.draws(30, seed=3)
    found = {}
    for individuals in (200, 3200):
        result = nbsmodel.evaluate(model, draws, engine="microsimulation", individuals=individuals, seed=1, threads=2)
        found[individuals] = nbsmodel.simulation_variance(result, 30000).set_index("quantity")
    assert list(found[200].index) == ["cost", "qaly", "inmb_30000"]
    small, large = found[200].loc["qaly"], found[3200].loc["qaly"]
    assert small["simulation"] > 4 * large["simulation"] > 0
    assert (small["individuals"], large["individuals"]) == (200, 3200)
    assert large["individuals_5_percent"] > 0 and large["individuals_worthwhile"] >= 1
    one, more = (nbsmodel.evaluate(model, engine="microsimulation", individuals=50), nbsmodel.evaluate)
    for result in (one, more(model, engine="microsimulation", individuals=50)):
        with pytest.raises(ValueError, match="several draws"):
            nbsmodel.simulation_variance(result)


# --- the command line


def call(monkeypatch, capsys, *args):
    monkeypatch.setattr(sys, "argv", ["nbsmodel", *map(str, args)])
    with pytest.raises(SystemExit) as stop:
        main()
    captured = capsys.readouterr()
    return stop.value.code or 0, captured.out, captured.err


def test_seed_and_threads_on_the_command_line(monkeypatch, capsys, config, tmp_path):
    args = ("run", config, "--out", tmp_path / "x", "--seed", "5", "--threads", "1", "--set", "individuals=500")
    code, out, _ = call(monkeypatch, capsys, *args)
    assert code == 0 and "500 children simulated, seed 5" in out
    manifest = json.loads((tmp_path / "x" / "manifest.json").read_text())
    assert manifest["seed"] == 5 and manifest["simulation"]["threads"] == 1


def test_the_life_of_one_child(monkeypatch, capsys, config, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, out, _ = call(monkeypatch, capsys, "run", config, "--trace-individual", "3")
    assert code == 0 and "Gene copies" in out and "Frailty" in out and "QALYs" in out
    assert not (tmp_path / "results").exists()
    code, _, err = call(monkeypatch, capsys, "run", config, "--set", "engine=cohort", "--trace-individual", "3")
    assert code == 2 and "engine: microsimulation" in err


TWICE = """
import sys, nbsmodel
for _ in range(2):
    nbsmodel.run(sys.argv[1], ["individuals=100"], write=False, tell=print)
"""


def test_compiling_is_said_once(config, tmp_path):
    found = subprocess.run(
        [sys.executable, "-c", TWICE, str(config)], capture_output=True, text=True, timeout=300, check=True,
        env=os.environ | {"NBSMODEL_CACHE": str(tmp_path / "empty")},
    )  # fmt: skip
    assert found.stdout == "compiling the model for simulation (once)\n"


def test_progress_is_told(config):
    told = []
    nbsmodel.run(config, write=False, threads=1, step=lambda text, done, work: told.append((done, work)))
    assert told[-1] == (3000, 3000)


LONG = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts us in the background ignores it
from nbsmodel import cli
shown = cli._Watch.step
def step(self, text, done, work):
    print("under way", flush=True)
    shown(self, text, done, work)
cli._Watch.step = step
cli.main()
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGINT")
def test_an_interrupt_ends_cleanly(output, config):
    before = {p: p.read_bytes() for p in output.folder.parent.rglob("*") if p.is_file()}
    args = ["run", config, "--force", "--out", output.folder, "--set", "individuals=1000000000", "--threads", "2"]
    process = subprocess.Popen(
        [sys.executable, "-c", LONG, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "under way\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; nothing was written" in err and "Traceback" not in err
    assert {p: p.read_bytes() for p in output.folder.parent.rglob("*") if p.is_file()} == before
