"""Confidential prices: a verdict in words, and no trace of them in any output, log, message or plot."""

import re
import sys

import pandas as pd
import pytest
from helpers import write_complete

import nbsmodel
from nbsmodel.cli import main
from nbsmodel.run.confidential import CLASSES, HIGHEST, NO, YES, probability_class

#: Numbers that occur nowhere by chance.
DRUG, DEATH = 1234.5678, 3456.789
SECRET = f"overrides:\n  c_drug: {DRUG}\n  c_death: {DEATH}\n"
SETS = [
    "analyses.psa.draws=200",
    "analyses.one_way=true",
    "analyses.value_based_price=[c_drug]",
]  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("confidential")
    config = write_complete(folder)
    (folder / "private.yaml").write_text(SECRET)
    with_ = nbsmodel.run(config, SETS, out=folder / "with", confidential=folder / "private.yaml")
    nbsmodel.run(config, SETS, out=folder / "without")
    visible = nbsmodel.run(
        config, [*SETS, f"overrides.c_drug={DRUG}", f"overrides.c_death={DEATH}"], out=folder / "visible"
    )
    return folder, with_, visible


def everything(folder):
    """Every output file as text that can be searched; tables of Parquet written out."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix == ".parquet":
            yield path, pd.read_parquet(path).to_csv(index=False, float_format="%.17g")
        else:
            yield path, path.read_bytes().decode("utf-8", errors="replace")


def spellings(value):
    """Ways in which a number may be written: whole, rounded, with commas, as a share of the public one."""
    found = {repr(float(value)), f"{value:.6g}", f"{value:.5g}"}
    if abs(value) >= 1000:
        found |= {f"{value:,.0f}", f"{value:.0f}", f"{value:,.2f}"}
    return {text for text in found if len(re.sub(r"\D", "", text).strip("0")) >= 4}


def numbers_that_give_it_away(visible):
    """The values, their discounts, and what the model gives with them in sight."""
    secret = [DRUG, DEATH, DRUG / 2000, DEATH / 4000, 1 - DRUG / 2000, 1 - DEATH / 4000]
    for name, columns in {"cea": ("cost", "inc_cost", "icer"), "net_benefit": ("nmb", "inc_nmb")}.items():
        secret += [v for column in columns for v in visible.tables[name][column].dropna() if v]
    secret += list(visible.psa.sample.cost[:5].ravel())
    return secret


def test_nothing_gives_the_prices_away(folders):
    folder, with_, visible = folders
    searched = 0
    forms = {text: value for value in numbers_that_give_it_away(visible) for text in spellings(value)}
    public = "".join(text for _, text in everything(folder / "without"))
    forms = {text: value for text, value in forms.items() if text not in public}  # a public number proves nothing
    assert any(repr(DRUG) == text for text in forms) and len(forms) > 30
    for path, text in everything(folder / "with"):
        searched += 1
        for form, value in forms.items():
            assert form not in text, f"{path.name} holds {form} ({value})"
    assert searched > 25
    # the search finds them where they are in sight
    assert any(repr(DRUG) in text for _, text in everything(folder / "visible"))


def test_all_else_is_as_without_them_to_the_byte(folders):
    folder = folders[0]
    names = {p.relative_to(folder / "with") for p in (folder / "with").rglob("*") if p.is_file()}
    others = {p.relative_to(folder / "without") for p in (folder / "without").rglob("*") if p.is_file()}
    assert {str(n) for n in names - others} == {"confidential.csv"} and others < names
    differ = {str(n) for n in others if (folder / "with" / n).read_bytes() != (folder / "without" / n).read_bytes()}
    assert differ == {"manifest.json", "report.html", "run.log"}


def test_the_verdict_is_right_and_in_words(folders):
    _, with_, visible = folders
    table = with_.tables["confidential"]
    assert list(table.columns) == ["strategy", "against", "threshold", "verdict", "probability"]
    benefit = visible.tables["net_benefit"].set_index(["strategy", "threshold"])["inc_nmb"]
    ceac = visible.tables["ceac"].set_index(["strategy", "threshold"])["probability"]
    for row in table.to_dict("records"):
        key = (row["strategy"], row["threshold"])
        assert row["verdict"] == (YES if benefit[key] > 0 else NO)
        assert row["probability"] == probability_class(ceac[key])
    assert len(table) == 2


def test_the_report_and_the_record_say_that_they_were_used(folders):
    folder = folders[0]
    report = (folder / "with" / "report.html").read_text()
    assert (
        "At the confidential prices" in report
        and "At the confidential prices" not in (folder / "without" / "report.html").read_text()
    )
    assert (
        '"confidential_parameters": [\n    "c_death",\n    "c_drug"\n  ]' in (folder / "with/manifest.json").read_text()
    )
    assert "confidential values of c_death, c_drug were used" in (folder / "with" / "run.log").read_text()


@pytest.mark.parametrize(
    "text, says",
    [
        ("overrides:\n  c_drgu: 987654\n", "what stands here is no parameter (it is not shown). Did you mean c_drug?"),
        ("overrides: {c_drug:987654}\n", "private.yaml:1: what stands here is no parameter"),
        ("overrides:\n  987654: c_drug\n", "private.yaml:2: what stands here is no parameter"),
        ("overrides:\n  c_drug = 987654: 1\n", "what stands here is no parameter"),
        ("overrides:\n  987654: 1\n  987654: 2\n", "this is not a YAML file that can be read"),
        ("overrides:\n  p_early: 0.98765\n", "p_late, p_early are shares of one whole"),
        ("overrides:\n  p_birth: 987654\n", "this is no probability (the value is not shown)"),
        ("overrides:\n  c_drug: '987654'\n", "a number is needed (what stands there is not shown)"),
        ("overrides:\n  c_drug: .nan\n", "a number is needed"),
        ("overrides:\n  c_drug: 987654: 3\n", "this is not a YAML file that can be read"),
        ("c_drug: 987654\n", "holds overrides and nothing else"),
        ("overrides: 987654\n", "holds overrides and nothing else"),
        (None, "no such file"),
        ("overrides:\n  c_drug: 1.0987654e+308\n", "the model cannot be run with the confidential values"),
    ],
)
def test_messages_quote_no_value(tmp_path, monkeypatch, capsys, text, says):
    config = write_complete(tmp_path)
    private = tmp_path / "private.yaml"
    if text is not None:
        private.write_text(text)
    monkeypatch.setattr(
        sys, "argv", ["nbsmodel", "run", str(config), "--confidential", str(private), "--out", str(tmp_path / "o")]
    )
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr()
    assert stopped.value.code == 2 and says in said.err, said.err
    assert "98765" not in said.err + said.out and not (tmp_path / "o").exists()


def test_classes_cover_every_probability():
    assert [probability_class(p) for p in (0, 0.0499, 0.05, 0.5, 0.95, 1)] == [
        "below 5%", "below 5%", "5% to 25%", "50% to 75%", HIGHEST, HIGHEST,
    ]  # fmt: skip
    assert [end for end, _ in CLASSES] == sorted(end for end, _ in CLASSES)


@pytest.mark.parametrize("thresholds", ["[20000, 21000]", "[10000, 20000, 30000, 40000, 50000]"])
def test_verdicts_that_would_bracket_a_price_are_refused(tmp_path, thresholds):
    config = write_complete(tmp_path)
    (tmp_path / "private.yaml").write_text(SECRET)
    with pytest.raises(nbsmodel.InputError, match="would bracket the confidential prices"):
        nbsmodel.run(
            config, [f"settings.thresholds={thresholds}"], out=tmp_path / "o", confidential=tmp_path / "private.yaml"
        )
