"""Scenario files side by side: found, named, compared, written down, shown."""

import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import write_complete, write_files

import nbsmodel
from nbsmodel.cli import main
from nbsmodel.config.scenario import load_scenario
from nbsmodel.errors import InputError, Problems
from nbsmodel.run.compare import compare
from nbsmodel.run.find import find_configs
from nbsmodel.run.scenarios import named
from nbsmodel.run.show_scenarios import scenarios_for_people

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = {
    "configs/variants/a_rates.yaml": """\
        extends: ../base.yaml
        title: Base case, other rates
        settings: {discount_rate_costs: 0.015, thresholds: [30000, 50000]}
        """,
    "configs/variants/b_uptake.yaml": """\
        extends: ../base.yaml
        title: Base case, low uptake
        overrides: {p_uptake: 0.5, c_drug_year: 100}
        """,
    "configs/variants/c_outlook.yml": """\
        extends: ../base.yaml
        title: Base case, cautious
        choices: {outlook: cautious}
        """,
    "configs/all.yaml": "extends: base.yaml\nanalyses: {scenarios: variants}\n",
}
HEAD = ["scenario", "is_reference", "title", "model", "engine", "currency", "price_year", "measure", "strategy",
        "label", "against", "per", "cost", "effect", "inc_cost", "inc_effect", "icer", "quadrant"]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    base = write_complete(tmp_path)
    write_files(tmp_path, {name: re.sub(r"(?m)^        ", "", text) for name, text in VARIANTS.items()})
    return base.parent


def tables_of(path, *sets):
    return nbsmodel.run(path, list(sets), write=False).tables


# --- the comparison


def test_every_row_is_what_a_run_of_the_scenario_by_itself_gives(folder):
    tables = tables_of(folder / "all.yaml")
    table = tables["scenarios"]
    benefits = ["inmb_20000", "inmb_30000", "inmb_50000"]
    assert list(table) == HEAD + benefits
    assert list(dict.fromkeys(table["scenario"])) == ["reference", "a_rates", "b_uptake", "c_outlook"]
    assert list(table["per"]) == ["birth", "affected birth"] * 4
    assert table["is_reference"].tolist() == [True] * 2 + [False] * 6
    files = {"reference": "all.yaml"} | {n: f"variants/{n}.yaml" for n in ("a_rates", "b_uptake")}
    files["c_outlook"] = "variants/c_outlook.yml"
    for name, file in files.items():
        alone = nbsmodel.run(folder / file, ["analyses.scenarios=null"], write=False)
        cea = alone.tables["cea"].set_index("strategy").loc["screening"]
        pair = alone.tables["pairwise"].iloc[0]
        rows = table[table["scenario"] == name].set_index("per")
        birth, affected = rows.loc["birth"], rows.loc["affected birth"]
        assert (birth["cost"], birth["effect"]) == (cea["cost"], cea["qaly"])
        assert (birth["inc_cost"], birth["inc_effect"]) == (pair["inc_cost"], pair["inc_qaly"])
        assert birth["quadrant"] == pair["quadrant"] == affected["quadrant"]
        assert np.array_equal([birth["icer"]], [pair["icer"]], equal_nan=True)
        benefit = alone.tables["net_benefit"].set_index(["threshold", "strategy"])["inc_nmb"]
        for threshold in alone.scenario.settings.thresholds:
            assert birth[f"inmb_{threshold:g}"] == pytest.approx(benefit[threshold, "screening"], rel=1e-12)
        programme = alone.tables["programme"].set_index("quantity")["difference_screening"]
        assert affected["inc_cost"] == pytest.approx(programme["Cost, per affected birth"], rel=1e-9)
        assert affected["inc_effect"] == pytest.approx(programme["QALYs, per affected birth"], rel=1e-9)
    # thresholds of the reference are worked out everywhere, those of a scenario only for itself
    assert table["inmb_20000"].notna().all() and table["inmb_30000"].notna().all()
    assert table["inmb_50000"].notna().tolist() == [False, False, True, True] + [False] * 4


def test_only_what_differs_is_listed(folder):
    different = tables_of(folder / "all.yaml")["scenario_differences"]
    assert list(different) == ["scenario", "key", "reference", "value"]
    assert different.to_numpy().tolist() == [
        ["a_rates", "settings.discount_rate_costs", "0.035", "0.015"],
        ["a_rates", "settings.thresholds", "20000, 30000", "30000, 50000"],
        ["b_uptake", "overrides.p_uptake", "0.99", "0.5"],
        ["b_uptake", "overrides.c_drug_year", 'c_drug * weight(age, "female") / 10', "100"],
        ["c_outlook", "choices.outlook", "observed", "cautious"],
    ]


def test_a_change_to_the_reference_shows(folder):
    tables = tables_of(folder / "all.yaml", "overrides.p_uptake=0.5", "settings.thresholds=[20000]")
    different = tables["scenario_differences"].set_index(["scenario", "key"])["value"]
    assert different["a_rates", "overrides.p_uptake"] == different["c_outlook", "overrides.p_uptake"] == "0.99"
    assert ("b_uptake", "overrides.p_uptake") not in different


def other_model(folder, *edits):
    """A second model and a config of it."""
    target = folder.parent / "other"
    shutil.copytree(folder.parent / "model", target)
    text = (target / "model.yaml").read_text()
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (target / "model.yaml").write_text(text)
    (folder / "variants" / "d_other.yaml").write_text("model: ../../other\ntitle: Base case, another model\n")


def test_another_model_is_a_difference(folder):
    other_model(folder, ("discount_rate_outcomes: 0.015", "discount_rate_outcomes: 0.02"))
    tables = tables_of(folder / "all.yaml")
    rows = tables["scenario_differences"].set_index("scenario").loc["d_other"].set_index("key")
    # two models of one title are told apart
    assert rows.loc["model"].tolist() == ["Small complete model", "Small complete model (2)"]
    assert rows.loc["settings.discount_rate_outcomes"].tolist() == ["0.035", "0.02"]
    assert rows.loc["overrides.p_uptake"].tolist() == ["0.99", "0.95"]
    assert "choices.outlook" not in rows.index
    assert tables["scenarios"].set_index("scenario").loc["d_other", "inmb_20000"].notna().all()


def test_other_money_is_kept_apart(folder):
    other_model(
        folder, ("currency: GBP", "currency: EUR"), ("label: Screening, screened: 1", "label: All, screened: 1")
    )
    parameters = folder.parent / "other" / "parameters.csv"
    parameters.write_text(parameters.read_text().replace(",GBP,", ",EUR,"))
    (folder / "variants" / "d_other.yaml").write_text(
        "model: ../../other\ntitle: Base case, elsewhere\nsettings: {thresholds: [40000]}\n"
    )
    output = nbsmodel.run(folder / "all.yaml", out=folder / "out")
    table = output.tables["scenarios"].set_index("scenario")
    assert table.loc["d_other", "inmb_20000"].isna().all() and table.loc["d_other", "inmb_40000"].notna().all()
    page = (folder / "out" / "report.html").read_text()
    text = " ".join(
        re.sub(r"<svg.*?</svg>|<[^>]+>", " ", page[page.index('id="scenario-comparison"') :], flags=re.S).split()
    )
    assert "(EUR, price year 2024/25, effect qaly) counts in another currency" in text
    assert "Left out, as they count in other money or another effect: Elsewhere." in text
    svg = (folder / "out" / "figures" / "scenarios.svg").read_text()
    assert "Low uptake" in svg and "Elsewhere" not in svg
    shown = scenarios_for_people(output.tables)
    assert "do not compare amounts between them" in shown and "EUR 2024/25, qaly" in shown


def test_simulated_children_bring_their_errors(folder):
    (folder / "variants" / "d_simulated.yaml").write_text(
        "extends: ../base.yaml\ntitle: Base case, children\nengine: microsimulation\nindividuals: 500\nseed: 3\n"
    )
    alone = nbsmodel.run(folder / "variants" / "d_simulated.yaml", write=False)
    tables = tables_of(folder / "all.yaml")
    table = tables["scenarios"].set_index(["scenario", "per"])
    row, pair = table.loc[("d_simulated", "birth")], alone.tables["pairwise"].iloc[0]
    assert row["inc_cost_se"] == pytest.approx(pair["inc_cost_se"], rel=1e-9) and row["inc_cost_se"] > 0
    benefit = alone.tables["net_benefit"].set_index(["threshold", "strategy"])["inc_nmb_se"]
    assert row["inmb_20000_se"] == pytest.approx(benefit[20_000, "screening"], rel=1e-9)
    affected = table.loc[("d_simulated", "affected birth")]
    assert affected["inmb_20000_se"] / affected["inmb_20000"] == pytest.approx(row["inmb_20000_se"] / row["inmb_20000"])
    assert table.loc["reference", "inc_cost_se"].isna().all()
    rows = tables["scenario_differences"].set_index("scenario").loc[["d_simulated"]]
    assert rows["key"].tolist() == ["engine"]
    shown = scenarios_for_people(tables)
    assert f"{row['inc_cost']:.3f}"[:5] in shown and "(" in shown.partition("d_simulated")[2].partition("\n")[0]


# --- what cannot be loaded


def refused(path, *sets):
    with pytest.raises(InputError) as error:
        nbsmodel.run(path, list(sets), write=False)
    return [str(p) for p in error.value.problems]


def test_all_problems_of_all_scenarios_at_once(folder):
    (folder / "variants" / "b_uptake.yaml").write_text("extends: ../base.yaml\noverrides: {p_uptke: 0.5}\n")
    (folder / "variants" / "e.yaml").write_text("model: ../../nowhere\n")
    (folder / "all.yaml").write_text(
        "extends: base.yaml\nanalyses:\n  sobol: {base_samples: 64}\n  scenarios: [variants, missing.yaml]\n"
    )
    texts = refused(folder / "all.yaml", "overrides.p_uptake=0.5")
    assert len(texts) == 3
    assert any("Did you mean p_uptake?" in t for t in texts)
    assert any("e.yaml:1 model" in t and "no such model folder" in t for t in texts)
    assert any(re.search(r"all.yaml:\d+ analyses.scenarios > .*missing.yaml: there is no such file", t) for t in texts)
    # earlier results stay
    out = folder / "out"
    nbsmodel.run(folder / "base.yaml", out=out)
    before = (out / "cea.csv").read_bytes()
    with pytest.raises(InputError):
        nbsmodel.run(folder / "all.yaml", out=out, force=True)
    assert (out / "cea.csv").read_bytes() == before


def test_problems_of_runs_come_all_at_once(folder):
    """Both can be loaded, neither can be run."""
    for name in ("a_rates", "b_uptake"):
        (folder / "variants" / f"{name}.yaml").write_text("extends: ../base.yaml\noverrides: {p_death_ill: 0.6}\n"
                                                         "choices: {outlook: cautious}\n")  # fmt: skip
    (folder / "variants" / "c_outlook.yml").write_text("extends: ../base.yaml\nsettings: {horizon: 50 years}\n")
    texts = refused(folder / "all.yaml")
    assert len(texts) == 2
    assert any("1.2" in t for t in texts) and any("horizon" in t for t in texts)


def test_nothing_to_compare(folder):
    assert "no scenario beside this one" in refused(folder / "base.yaml", f"analyses.scenarios={folder}/base.yaml")[0]
    (folder / "empty").mkdir()
    assert "holds no config" in refused(folder / "base.yaml", f"analyses.scenarios={folder}/empty")[0]
    assert "no such file or folder" in refused(folder / "base.yaml", f"analyses.scenarios={'x' * 300}")[0]


# --- finding and naming


def test_each_config_counts_once_and_names_differ(folder):
    shutil.copytree(folder / "variants", folder / "more")
    problems = Problems()
    found = find_configs([folder / "variants", folder / "variants" / "a_rates.yaml", folder / "more",
                          folder.parent / "model"], problems)  # fmt: skip
    assert not problems.items and len(found) == 7
    names = named({path: load_scenario(path) for path in found}, taken=("more_a_rates",))
    assert list(names) == [
        "variants_a_rates", "variants_b_uptake", "variants_c_outlook", "more_a_rates_2", "more_b_uptake",
        "more_c_outlook", "model",
    ]  # fmt: skip


def test_the_reference_is_the_config_that_most_others_extend(folder):
    found = compare([folder / "variants", folder / "base.yaml"], write=False)
    assert found.reference == "base" and next(iter(found.scenarios)) == "base"
    assert found.tables["scenarios"]["is_reference"].tolist() == [True] * 2 + [False] * 6
    first = compare([folder / "variants" / "b_uptake.yaml", folder / "variants"], write=False)
    assert list(first.scenarios) == ["b_uptake", "a_rates", "c_outlook"]


# --- the record


def test_a_run_is_repeated_from_its_results_alone(folder, tmp_path_factory):
    other_model(folder)
    one = folder / "one"
    nbsmodel.run(folder / "all.yaml", out=one)
    assert sorted(p.name for p in (one / "scenarios").iterdir()) == [
        "a_rates.yaml", "b_uptake.yaml", "c_outlook.yaml", "d_other.yaml",
    ]  # fmt: skip
    assert "model: ../model\n" in (one / "scenarios" / "a_rates.yaml").read_text()
    assert "model: ../models/other\n" in (one / "scenarios" / "d_other.yaml").read_text()
    moved = tmp_path_factory.mktemp("elsewhere") / "results"
    shutil.copytree(one, moved)
    shutil.rmtree(folder.parent / "model")
    shutil.rmtree(folder.parent / "other")
    nbsmodel.run(moved / "resolved_config.yaml", out=moved / "again")
    for name in ("scenarios.csv", "scenario_differences.csv", "cea.csv", "figures/scenarios.svg"):
        assert (moved / "again" / name).read_bytes() == (one / name).read_bytes(), name


# --- the command


def call(monkeypatch, capsys, *args):
    monkeypatch.setattr(sys, "argv", ["nbsmodel", *map(str, args)])
    with pytest.raises(SystemExit) as stop:
        main()
    captured = capsys.readouterr()
    return stop.value.code or 0, captured.out, captured.err


def test_command(folder, monkeypatch, capsys, tmp_path):
    out = tmp_path / "all"
    arguments = ("scenarios", folder / "variants", folder / "base.yaml", "--out", out)
    code, text, _ = call(monkeypatch, capsys, *arguments)
    assert code == 0
    assert "base (reference)" in text and "What differs from the reference" in text and str(out) in text
    assert "INMB at 20,000" in text and "INMB at 50,000" not in text
    table = pd.read_csv(out / "scenarios.csv")
    assert list(dict.fromkeys(table["scenario"])) == ["base", "a_rates", "b_uptake", "c_outlook"]
    assert (out / "figures" / "scenarios.png").is_file()
    code, _, err = call(monkeypatch, capsys, *arguments)
    assert code == 2 and "--force" in err
    code, text, err = call(monkeypatch, capsys, *arguments, "--force", "--quiet", "--set", "overrides.c_confirm=0")
    assert (code, text, err) == (0, "", "")
    cheaper = pd.read_csv(out / "scenarios.csv")
    assert (cheaper["inc_cost"] < table["inc_cost"]).all()


def test_the_command_is_repeated_from_its_results(folder, monkeypatch, capsys, tmp_path):
    out = tmp_path / "all"
    compare([folder / "base.yaml", folder / "variants"], out=out)
    monkeypatch.chdir(out)
    words = re.search(r'"run_again": "nbsmodel (.*?)"', (out / "manifest.json").read_text())[1].split()
    shutil.rmtree(folder.parent / "model")
    code, *_ = call(monkeypatch, capsys, *words)
    assert code == 0
    for name in ("scenarios.csv", "scenario_differences.csv"):
        assert (out / "again" / name).read_bytes() == (out / name).read_bytes()


def test_the_command_tells_every_problem(folder, monkeypatch, capsys, tmp_path):
    (folder / "variants" / "b_uptake.yaml").write_text("extends: ../base.yaml\noverrides: {p_uptke: 0.5}\n")
    code, out, err = call(monkeypatch, capsys, "scenarios", folder / "variants", "nowhere", "--out", tmp_path / "x")
    assert code == 2 and "2 problems" in err and "Did you mean p_uptake?" in err and "Traceback" not in out + err
    assert not (tmp_path / "x").exists()


def test_help_has_an_example(monkeypatch, capsys):
    code, out, _ = call(monkeypatch, capsys, "scenarios", "--help")
    assert code == 0 and "Example: nbsmodel scenarios" in " ".join(out.split())


# --- the UK scenarios


@pytest.mark.slow
def test_uk_scenarios():
    output = nbsmodel.run(ROOT / "configs" / "sma" / "uk_scenarios.yaml", write=False)
    table = output.tables["scenarios"]
    listed = {p.stem for p in (ROOT / "configs" / "sma").glob("uk_*.yaml")}
    assert {"uk_drug_discount_50", "uk_microsimulation"} <= set(table["scenario"]) <= listed | {"reference"}
    assert set(table["currency"]) == {"GBP"} and table["inmb_20000"].notna().all()
    cohort = table[table["engine"] == "cohort"]
    assert cohort["inc_cost_se"].isna().all() and table.loc[table["engine"] != "cohort", "inc_cost_se"].notna().all()
