"""What the pages say is true: links lead somewhere, blocks can be read, commands exist, examples give their figures."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import typer
from helpers import write_files

import nbsmodel
from nbsmodel.cli import app
from nbsmodel.config.scenario import load_scenario
from nbsmodel.model.yamlfile import parse_yaml

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    str(p.relative_to(ROOT)): p.read_text(encoding="utf-8")
    for p in (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"(?<![\w/.])(?:configs|models|docs|scripts|tests|src)/[\w/.]*\w")


def blocks(language):
    return [(page, text) for page, whole in PAGES.items() for kind, text in BLOCK.findall(whole) if kind == language]


def anchors(text):
    """Of the headings of a page, as they are made where it is shown."""
    bare = BLOCK.sub("", text)
    heads = re.findall(r"^#+ (.*)$", bare, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for link in LINK.findall(PAGES[page]):
        if link.startswith(("http:", "https:")):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        assert target.is_file(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("page", PAGES)
def test_paths_of_the_project_exist(page):
    examples = {"configs/my_condition"}
    if page == "docs/first_model.md":  # of the reader's folder, see tests/run/test_first_model_page.py
        examples |= set(re.findall(r"\*\*`([^`]+)`\*\*", PAGES[page])) | {"configs/base.yaml"}
    found = set(PATH.findall(re.sub(r"https?://\S+", "", PAGES[page]))) - examples
    assert {name for name in found if not (ROOT / name).exists()} == set()


def test_every_page_is_in_the_index_of_the_readme():
    assert [p for p in PAGES if p.startswith("docs/") and f"]({p})" not in PAGES["README.md"]] == []


@pytest.mark.parametrize(("page", "text"), blocks("yaml"))
def test_yaml_blocks_are_yaml(page, text):
    assert parse_yaml(text, Path(page)).data


@pytest.mark.parametrize(("page", "text"), blocks("python"))
def test_python_blocks_are_python(page, text):
    compile(text, page, "exec")
    for name in re.findall(r"\bnbsmodel\.(\w+)\(", text):
        assert name in nbsmodel.__all__
    for line in re.findall(r"^from .*$", text, re.MULTILINE):
        exec(line, {})


COMMANDS = [
    (page, line.partition(" #")[0].strip())
    for page, text in blocks("")
    for line in text.splitlines()
    if line.startswith("nbsmodel ")
]


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_commands_exist(page, line):
    _, name, *arguments = shlex.split(line)
    command = typer.main.get_command(app).commands[name]
    command.make_context(name, arguments).close()  # refuses what the command does not know
    assert page == "README.md" or f"`{name}" in PAGES["README.md"] or f"nbsmodel {name}" in PAGES["README.md"]


# --- two examples of docs/model_language.md


def block_after(heading):
    page = PAGES["docs/model_language.md"]
    return BLOCK.search(page, page.index(heading)).group(2)


def test_the_complete_config_is_one(tmp_path):
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    shutil.copytree(ROOT / "models" / "sma" / "uk", tmp_path / "models" / "sma" / "uk")
    config = tmp_path / "configs" / "sma" / "of_the_page.yaml"
    config.write_text(block_after("## 6. A config"), encoding="utf-8")
    found = load_scenario(config)
    assert {c.key for c in found.changes} >= {"price_year", "overrides.c_test", "choices.utility_set"}
    assert {key for key, _, _ in found.departures()} == set(found.reasons)
    assert found.reference_case is not None and found.analyses.psa is not None and found.seed == 7


EVENTS = """\
title: Crises
condition: Crises
decision_problem: None
population: Children
perspective: Health service
currency: GBP
price_year: 2024/25
basis: patient
strategies: {one: {label: One}}
comparator: one
tables:
  qx: {reference: uk_life_table_2018_2020, column: qx_mixed}
outcomes:
  crises: {label: Crises, unit: crises, discounted_as: none}
tree: {all: {p: 1, cohort: course, start: well}}
cohorts:
  course:
    cycles: CYCLES
"""

AS_A_STATE = """\
states: {well: {}, crisis: {}, harmed: {}, dead: {dead: true}}
transitions:
  well:
    crisis: {hazard: rate_crisis}
    dead: {hazard: "prob_to_rate(qx(age), 1)"}
  crisis:
    dead: {probability: p_fatal, per: cycle}
    harmed: {probability: p_harm, per: cycle}
    well: rest
  harmed:
    dead: {hazard: "prob_to_rate(qx(age), 1)"}
payoffs:
  - {entering: crisis, outcome: cost, component: crises, value: c_crisis}
  - {entering: crisis, outcome: crises, value: 1}
"""

ROWS = """\
name,label,value,unit,distribution,source,status,price_year,note
rate_crisis,Crises a year,0.3,rate,,none,assumption,,
p_fatal,Case fatality,0.1,probability,,none,assumption,,
p_harm,Harmed by a crisis,0.2,probability,,none,assumption,,
c_crisis,Cost of a crisis,5000,GBP,,none,assumption,2024/25,
du_crisis,Utility lost,0.5,disutility,,none,assumption,,
weeks_crisis,Weeks of it,2,weeks,,none,assumption,,
"""

CYCLES = {
    "1/52 year": "{length: 1/52 year, until: 20 years}",
    "1 month": "{length: 1 month, until: 20 years}",
    "1 month to age 5, then 1 year": "[{length: 1 month, until: 5 years}, {length: 1 year, until: 20 years}]",
    "1 year": "{length: 1 year, until: 20 years}",
}


def of_events(folder, body, cycles):
    text = EVENTS.replace("CYCLES", cycles) + "".join(f"    {line}\n" for line in body.splitlines())
    write_files(folder, {"model.yaml": text, "parameters.csv": ROWS, "sources.yaml": "none: {citation: Invented}\n"})
    model = nbsmodel.load_model(folder)
    result = nbsmodel.evaluate(model)
    return {outcome: float(result.total(outcome, "one").squeeze()) for outcome in ("life_years", "cost", "crises")}


def test_events_on_the_move_do_not_depend_on_the_grid_and_a_state_for_them_does(tmp_path):
    recipe = "states: {well: {}, harmed: {}, dead: {dead: true}}\n" + block_after("### Events that pass")
    page = PAGES["docs/model_language.md"]
    moves, states = {}, {}
    for name, cycles in CYCLES.items():
        moves[name] = of_events(tmp_path / f"a{len(moves)}", recipe, cycles)
        states[name] = of_events(tmp_path / f"b{len(moves)}", AS_A_STATE, cycles)
        figures = " | ".join(f"{f['life_years']:.3f}, {f['cost']:,.0f}" for f in (moves[name], states[name]))
        assert f"| {name} | {figures} |" in page
    fine = moves["1/52 year"]
    assert all(found[key] == pytest.approx(fine[key], rel=1e-3) for found in moves.values() for key in fine)
    assert states["1 year"]["life_years"] > 1.04 * fine["life_years"]
    assert states["1/52 year"]["life_years"] == pytest.approx(fine["life_years"], rel=2e-3)
