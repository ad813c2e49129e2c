"""Further perspectives: what each adds, the headline untouched, and longer survival never sold as harm in silence."""

import numpy as np
import pytest
from helpers import write_files

import nbsmodel
from nbsmodel.analysis.perspectives import Perspectives
from nbsmodel.report.perspective_words import longer_life_as_harm
from nbsmodel.run.show import cea_for_people

MODEL = """\
title: Families
condition: None
decision_problem: A test
population: Newborns
perspective: Health service
currency: GBP
price_year: 2024/25
basis: birth
strategies:
  usual: {label: Usual care, treated: 0}
  new: {label: New, treated: 1}
comparator: usual
PERSPECTIVES
choices:
  bereavement: [none, at_death, for_life]
tree:
  ill: {p: 0.01, case: true, cohort: life, start: ill, payoffs: [{outcome: cost, value: treated * 1000}]}
  well: {p: rest}
cohorts:
  life:
    cycles: {length: 1 year, count: 40}
    states: {ill: {}, dead: {dead: true}}
    transitions: {ill: {dead: {hazard: 0.2 if treated else 0.4}}}
    payoffs:
      - {in: ill, outcome: qaly, component: patient, value: 0.5, per: year}
      - {in: ill, outcome: cost, component: care, value: 2000, per: year}
"""
FAMILY = """\
      - {in: ill, outcome: qaly, component: carers, perspective: carer, value: -2 * du_carer, per: year}
      - {moving: {from: alive, to: dead}, outcome: qaly, component: bereavement, perspective: carer,
         value: -(12 if bereavement == at_death else 0)}
      - {in: dead, outcome: qaly, component: bereavement, perspective: carer, per: year,
         value: -(2 * du_carer if bereavement == for_life else 0)}
      - {in: ill, outcome: cost, component: schooling, perspective: education, value: 700, per: year}
      - {in: ill, outcome: cost, component: lost earnings, perspective: productivity, value: 3000, per: year}
"""
DECLARED = "perspectives: [carer, education, productivity]"
PARAMETERS = (
    "name,label,value,unit,distribution,source,status,price_year,note\n"
    "du_carer,Utility lost by a carer,0.1,disutility,,here,assumption,,\n"
)


def write(folder, declared=DECLARED, family=FAMILY, config=""):
    write_files(
        folder,
        {
            "model/model.yaml": MODEL.replace("PERSPECTIVES", declared) + family,
            "model/parameters.csv": PARAMETERS,
            "model/sources.yaml": "here: {citation: A test}\n",
            "base.yaml": "model: model\n" + config,
        },
    )
    return folder / "base.yaml"


def run(folder, *sets, **how):
    return nbsmodel.run(write(folder, **how), sets, write=False)


def row(table, name, kind="total"):
    (found,) = table[(table["row"] == name) & (table["kind"] == kind)].to_dict("records")
    return found


def test_the_headline_is_the_same_with_and_without_declared_perspectives(tmp_path):
    plain = run(tmp_path / "a", declared="", family="").tables
    table = run(tmp_path / "b").tables
    for name in ("cea", "pairwise", "net_benefit"):
        assert table[name].equals(plain[name])
    assert "perspectives" not in plain
    headline, pair = row(table["perspectives"], "headline"), plain["pairwise"].iloc[0]
    assert (headline["inc_cost"], headline["inc_qaly"]) == (pair["inc_cost"], pair["inc_qaly"])
    assert headline["icer"] == pytest.approx(pair["icer"], rel=0, abs=0)
    for r in plain["net_benefit"][plain["net_benefit"]["strategy"] == "new"].to_dict("records"):
        assert headline[f"inmb_{r['threshold']:g}"] == pytest.approx(r["inc_nmb"], rel=1e-12)


def test_what_each_adds_sums_to_everything(tmp_path):
    table = run(tmp_path, "choices.bereavement=at_death").tables["perspectives"]
    columns = ["inc_cost", "inc_qaly", *(c for c in table.columns if c.startswith("inmb_"))]
    adds = table[table["kind"] == "adds"]
    assert list(adds["row"]) == ["carer", "education", "productivity"] and not adds["counted"].any()
    headline, whole = (np.array([row(table, name)[c] for c in columns]) for name in ("headline", "all perspectives"))
    np.testing.assert_allclose(headline + adds[columns].sum().to_numpy(), whole, rtol=1e-12, atol=1e-15)
    for name in adds["row"]:
        both = np.array([row(table, f"headline + {name}")[c] for c in columns])
        alone = adds.loc[adds["row"] == name, columns].to_numpy()[0]
        np.testing.assert_allclose(headline + alone, both, rtol=1e-12, atol=1e-15)
    assert row(table, "carer", "adds")["inc_cost"] == 0 and row(table, "education", "adds")["inc_qaly"] == 0


def test_turning_carers_off_removes_exactly_the_carer_line(tmp_path):
    on = run(tmp_path, "settings.perspectives=[health_system, carer]")
    off = run(tmp_path)
    table = on.tables["perspectives"]
    without, carer = row(table, "headline without carer"), row(table, "carer", "adds")
    assert carer["counted"] and "headline + carer" not in set(table["row"])
    assert (without["inc_cost"], without["inc_qaly"]) == tuple(off.tables["pairwise"].iloc[0][["inc_cost", "inc_qaly"]])
    assert "health_system alone" not in set(table["row"])  # the same set of perspectives stands once
    lines = []
    for output in (on, off):
        booked = output.tables["outcomes"]
        lines.append(booked[~booked["perspective"].isin(["carer"])].reset_index(drop=True))
    assert lines[0].equals(lines[1])
    kept, left = (o.result.by_strategy("qaly")[0] for o in (on, off))
    carers = on.tables["outcomes"].query("perspective == 'carer' and outcome == 'qaly' and discounted")
    total = carers.groupby("strategy", sort=False)["value"].sum().to_numpy()
    np.testing.assert_allclose(kept - left, total, rtol=1e-12)


def test_per_affected_child_by_hand(tmp_path):
    """Years lived undiscounted, counted at the start of each cycle; two carers at 0.1, 3,000 a year of work."""
    settings = ["discount_rate_costs=0", "discount_rate_outcomes=0", "within_cycle_correction=start"]
    table = run(tmp_path, *(f"settings.{s}" for s in settings)).tables["perspectives"]
    years = [sum(np.exp(-h * k) for k in range(40)) for h in (0.4, 0.2)]
    gained = years[1] - years[0]
    assert row(table, "carer", "adds")["inc_qaly_per_case"] == pytest.approx(-0.2 * gained, rel=1e-12)
    assert row(table, "productivity", "adds")["inc_cost_per_case"] == pytest.approx(3000 * gained, rel=1e-12)
    assert row(table, "education", "adds")["inc_life_years_per_case"] == pytest.approx(gained, rel=1e-12)


def test_longer_life_as_harm_is_said_and_bereavement_silences_it(tmp_path):
    harm = run(tmp_path)
    table = harm.tables["perspectives"]
    assert list(table.loc[table["longer_life_as_harm"], "row"]) == ["carer"]
    (warning,) = longer_life_as_harm(harm.scenario, harm.tables)
    assert "perspective carer loses" in warning and "bereavement stands at “none”" in warning
    assert "“at death” and “for life”" in warning
    assert f"Warning: {warning}" in cea_for_people(harm.scenario, harm.tables)
    for option in ("at_death", "for_life"):
        fine = run(tmp_path, f"choices.bereavement={option}")
        assert longer_life_as_harm(fine.scenario, fine.tables) == []
        assert "Warning" not in cea_for_people(fine.scenario, fine.tables)
    # a loss at death that is too small leaves the warning, and names what is left
    model = tmp_path / "model/model.yaml"
    model.write_text(model.read_text().replace("-(12 if", "-(1 if"))
    small = nbsmodel.run(tmp_path / "base.yaml", ["choices.bereavement=at_death"], write=False)
    (warning,) = longer_life_as_harm(small.scenario, small.tables)
    assert "stands at “at death”" in warning and "look at “for life” as well" in warning
    # a bereaved parent who loses as much as a carer makes survival neither harm nor gain
    assert row(fine.tables["perspectives"], "carer", "adds")["inc_qaly"] == 0


def test_without_a_choice_the_warning_says_what_to_add(tmp_path):
    family = "\n".join(FAMILY.splitlines()[:1]) + "\n"
    path = write(tmp_path, family=family)
    model = tmp_path / "model/model.yaml"
    model.write_text(model.read_text().replace("choices:\n  bereavement: [none, at_death, for_life]\n", ""))
    output = nbsmodel.run(path, write=False)
    (warning,) = longer_life_as_harm(output.scenario, output.tables)
    assert "a choice named bereavement" in warning


def test_no_warning_where_the_treatment_shortens_life(tmp_path):
    path = write(tmp_path)
    model = tmp_path / "model/model.yaml"
    model.write_text(model.read_text().replace("0.2 if treated else 0.4", "0.4 if treated else 0.2"))
    output = nbsmodel.run(path, ["choices.bereavement=at_death"], write=False)
    carer = row(output.tables["perspectives"], "carer", "adds")
    assert carer["inc_qaly"] < 0 > carer["inc_life_years"]
    assert longer_life_as_harm(output.scenario, output.tables) == []


def test_the_report_has_the_table_the_warning_and_the_double_count(tmp_path):
    config = write(tmp_path)
    nbsmodel.run(config, out=tmp_path / "o")
    text = (tmp_path / "o/report.html").read_text()
    assert 'id="perspectives"' in text and "living longer counts as harm" in text
    assert "`" not in text.partition('id="perspectives"')[2].partition("<section")[0]
    assert "may count one loss twice" in text and "counts health system and nothing else" in text
    assert "this report holds no uncertainty analysis" in text  # perspectives are none
    nbsmodel.run(config, ["overrides.du_carer=0"], out=tmp_path / "p")
    assert "may count one loss twice" not in (tmp_path / "p/report.html").read_text()


def test_simulated_children_have_perspectives_too(tmp_path):
    path = write(tmp_path, config="engine: microsimulation\nindividuals: 20000\n")
    simulated, exact = nbsmodel.run(path, write=False), nbsmodel.run(path, ["engine=cohort"], write=False)
    ours, theirs = (o.tables["perspectives"].set_index(["kind", "row"]) for o in (simulated, exact))
    assert list(ours.index) == list(theirs.index)
    for column in ("inc_cost", "inc_qaly"):
        np.testing.assert_allclose(ours[column], theirs[column], rtol=0.1, atol=1e-12)


def test_sets_of_perspectives_stand_once_whatever_the_headline():
    reference, further = "health_system", ("carer", "education")
    for headline in (
        ("health_system",),
        ("health_system", "carer"),
        ("health_system", "carer", "education"),
        ("carer",),
    ):
        sets = [frozenset(s) for s in Perspectives(reference, further, headline).totals().values()]
        assert len(set(sets)) == len(sets) and frozenset(headline) == sets[0]
        assert frozenset((reference, *further)) in sets and frozenset((reference,)) in sets


def test_a_misspelt_perspective_is_refused(tmp_path):
    with pytest.raises(nbsmodel.errors.InputError, match="Did you mean carer"):
        run(tmp_path, "settings.perspectives=[health_system, carrer]")
