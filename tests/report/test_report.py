"""The page of a report: well formed, self-contained, true to the tables, and honest about its inputs."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

import nbsmodel
from nbsmodel.report import report as report_module
from nbsmodel.report.format import MINUS, number
from nbsmodel.report.record import cited_sources
from nbsmodel.report.report_drawings import inline_svg
from nbsmodel.report.report_page import page

ROOT = Path(__file__).resolve().parents[2]
UK, UK15, HALF = (f"configs/sma/{n}.yaml" for n in ("uk_base_case", "uk_discount_1_5", "uk_drug_discount_50"))
NL, US = "configs/sma/broekhoff2021_nl.yaml", "configs/sma/ecrd2020_us.yaml"
TREE, HIV, FOUR = (f"tests/models/{n}" for n in ("sumatriptan", "hiv_lamivudine", "sick_sicker_agedep"))
ONE = "tests/models/heart_valve"
EVERY = [UK, UK15, HALF, NL, US, TREE, HIV, FOUR, ONE]

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass(frozen=True)
class Stub:
    """A drawing as far as the page needs it."""

    title: str = "A figure"
    caption: str = "What it shows"
    alt: str = 'A line & a "point"'
    svg: str = (
        '<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
        '<defs><clipPath id="clip"><path id="a" d="M0 0"/></clipPath></defs>'
        '<g clip-path="url(#clip)"><use href="#a"/></g></svg>'
    )


@cache
def ran(config: str):
    return nbsmodel.run(ROOT / config, write=False)


def stubs(scenario):
    names = ["tree", "cost_components", "plane", "net_benefit", "detection"]
    names += [f"{kind}_{c}" for c in scenario.model.cohorts for kind in ("states", "occupancy")]
    return {name: Stub() for name in names}


@cache
def html_of(config: str) -> str:
    output = ran(config)
    return page(output.scenario, output.tables, stubs(output.scenario))


@dataclass
class Page(HTMLParser):
    """Reads a page and notes what is wrong with it."""

    open: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    refers: list[tuple[str, str, str]] = field(default_factory=list)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    unscoped: int = 0
    figures: list[list[str]] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.current: str | None = None
        self.captions: Counter[str] = Counter()
        self.cell: list[str] | None = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        for name in ("href", "src", "xlink:href", "action", "data", "srcset"):
            if name in given:
                self.refers.append((tag, name, given[name]))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "table":
            self.current = given["id"]
            self.tables[self.current] = []
        if tag == "caption" and self.open[-2] == "table":
            self.captions[self.current] += 1
        if tag == "th" and "scope" not in given:
            self.unscoped += 1
        if tag == "tr":
            self.tables[self.current].append([])
        if tag in ("th", "td"):
            self.cell = []
        if tag == "figure":
            self.figures.append([])
        if "figure" in self.open and tag in ("svg", "figcaption"):
            self.figures[-1].append(tag)
        if tag == "svg" and not (given.get("role") == "img" and given.get("aria-label")):
            self.unlabelled.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> inside {self.open[-3:]} at {self.getpos()}")
            return
        self.open.pop()
        if tag in ("th", "td") and self.cell is not None:
            self.tables[self.current][-1].append(" ".join("".join(self.cell).split()))
            self.cell = None
        if tag == "table":
            self.current = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell.append(data)


@cache
def read(config: str) -> Page:
    return parsed(html_of(config))


def parsed(text: str) -> Page:
    found = Page()
    found.feed(text)
    found.close()
    return found


def value(text: str) -> float:
    return float(text.replace(MINUS, "-").replace(",", "").replace("%", "")) if text else math.nan


def assert_shown(text: str, expected: float) -> None:
    """The printed number is the table's, rounded where it was printed."""
    if math.isnan(expected):
        assert text == ""
        return
    decimals = len(text.partition(".")[2])
    assert abs(value(text) - expected) <= 0.5 * 10**-decimals * (1 + 1e-9) + 1e-12 * abs(expected), (text, expected)
    assert expected == 0 or value(text) != 0, f"{expected} is shown as nothing"


def rows_of(config: str, table: str) -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in read(config).tables[table]}


def plain_text(text: str) -> str:
    body = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", body)).split())


# --- structure


@pytest.mark.parametrize("config", EVERY)
def test_the_page_is_well_formed_and_stands_alone(config):
    found = read(config)
    assert found.wrong == [] and found.open == []
    assert [i for i, n in Counter(found.ids).items() if n > 1] == []
    assert set(found.tables) == set(found.captions) and set(found.captions.values()) == {1}
    assert found.unscoped == 0
    assert found.figures and all(sorted(f) == ["figcaption", "svg"] for f in found.figures)
    assert found.unlabelled == []
    assert found.headings[0] == 1 and found.headings.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(found.headings[1:], found.headings[2:], strict=False))
    cited = {s.url for s in cited_sources(ran(config).scenario)}
    for tag, name, target in found.refers:
        if target.startswith("#"):
            assert target[1:] in found.ids, target
        else:
            assert (tag, name) == ("a", "href") and target in cited
    text = html_of(config)
    assert "<script" not in text and "@import" not in text and "url(http" not in text
    assert str(ROOT) not in text
    words = re.findall(r"\b(?:nan|None|inf|NaN|Undefined)\b", re.sub(r"perspective: None", "", plain_text(text)))
    about = ran(config).scenario.model.about
    allowed = sum(str(v).count("None") for v in about.values()) + (about["perspective"] == "None")
    assert len([w for w in words if w != "None"]) == 0
    assert words.count("None") <= allowed + 2  # "None: all settings ..." and "None differs ..."


def test_a_report_is_the_same_every_time(tmp_path):
    output = ran(TREE)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        report_module.write_report(tmp_path / name, output.scenario, output.tables)
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert Path("report.html") in files and Path("figures/plane.svg") in files
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_a_whole_report_with_its_figures_is_well_formed(tmp_path):
    output = ran(UK)
    report_module.write_report(tmp_path, output.scenario, output.tables)
    found = parsed((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert found.wrong == [] and found.open == [] and found.unlabelled == []
    assert [i for i, n in Counter(found.ids).items() if n > 1] == []
    assert all(t.startswith("#") and t[1:] in found.ids for _, n, t in found.refers if n == "xlink:href")
    assert len(found.figures) == len(list((tmp_path / "figures").glob("*.svg")))


def test_a_figure_that_is_missing_is_left_out():
    output = ran(UK)
    assert parsed(page(output.scenario, output.tables, {})).figures == []


def test_ids_of_a_figure_are_its_own():
    svg = inline_svg(Stub.svg, "figure-x", Stub.alt)
    assert svg.startswith("<svg ") and 'aria-label="A line &amp; a &quot;point&quot;"' in svg
    assert 'id="figure-x-clip"' in svg and "url(#figure-x-clip)" in svg and 'href="#figure-x-a"' in svg


# --- the numbers are those of the tables


@pytest.mark.parametrize("config", EVERY)
def test_the_cost_effectiveness_table_reads_back(config):
    output = ran(config)
    cea, effect = output.tables["cea"], output.scenario.settings.effect
    lines = read(config).tables["table-cea"]
    labels = {s.name: s.label for s in output.scenario.model.strategies}
    head = next(line for line in lines if line[0] == "Strategy")
    body = lines[lines.index(head) + 1 :]
    assert [row[0] for row in body] == [labels[s] for s in cea["strategy"]]
    names = {o.label: n for n, o in output.scenario.model.outcomes.items()}
    thresholds = {number(t, 15): f"nmb_{t:g}" for t in output.scenario.settings.thresholds}
    columns = {"Cost": "cost", "ICER": "icer", "Incr. cost": "inc_cost"} | names | thresholds
    for row, expected in zip(body, cea.to_dict("records"), strict=True):
        for title, text in zip(head, row, strict=True):
            if title in columns:
                assert_shown(text, expected[columns[title]])
            elif title.startswith("Incr."):
                assert_shown(text, expected[f"inc_{effect}"])
            elif title == "Status":
                assert text.startswith(expected["status"])
    assert sum(title in thresholds for title in head) == (len(thresholds) if len(thresholds) <= 4 else 0)


@pytest.mark.parametrize("config", EVERY)
def test_pairwise_and_net_benefit_read_back(config):
    output = ran(config)
    labels = {s.name: s.label for s in output.scenario.model.strategies}
    effect = output.scenario.settings.effect
    for r in output.tables["pairwise"].to_dict("records"):
        row = rows_of(config, "table-pairwise")[labels[r["strategy"]]]
        each, many = row[:2], row[2:4] if len(row) == 6 else []
        assert bool(many) == (abs(r[f"inc_{effect}"]) < 0.01 and output.scenario.model.about["basis"] == "birth")
        for text, key in zip([*each, row[2 + len(many)]], ("inc_cost", f"inc_{effect}", "icer"), strict=True):
            assert_shown(text, r[key])
        for text, key in zip(many, ("inc_cost", f"inc_{effect}"), strict=False):
            assert_shown(text, 100_000 * r[key])
    rows = [r for r in read(config).tables["table-net-benefit"][1:] if len(r) > 1]
    comparator = output.scenario.model.comparator
    for row, r in zip(rows, output.tables["net_benefit"].to_dict("records"), strict=True):
        assert row[0] == labels[r["strategy"]]
        for text, key in zip(row[1:], ("nmb", "inc_nmb", "nhb", "inc_nhb"), strict=True):
            missing = key.startswith("inc") and r["strategy"] == comparator
            assert_shown(text, math.nan if missing else r[key])


@pytest.mark.parametrize("config", EVERY)
def test_components_add_up_to_the_headline(config):
    output = ran(config)
    costs = read(config).tables["table-costs"]
    totals = next((r for r in costs if r[0].startswith("Total")), None)
    if totals is not None:
        by_name = output.tables["cea"].set_index("strategy")["cost"]
        for name, text in zip(output.scenario.model.strategy_names, totals[1:], strict=False):
            assert_shown(text, by_name[name])


@pytest.mark.parametrize("config", [UK, US])
def test_detection_and_programme_read_back(config):
    output = ran(config)
    model = output.scenario.model
    n = len(model.strategies)
    columns = [*model.strategy_names, *(f"difference_{s}" for s in model.strategy_names if s != model.comparator)]
    programme = output.tables["programme"]
    rows = [r for r in read(config).tables["table-programme"][1:] if len(r) > 1]
    assert len(rows) == len(programme)
    for row, r in zip(rows, programme.to_dict("records"), strict=True):
        assert r["quantity"].startswith(row[0])
        share = 100 if r["unit"] == "share" else 1
        for text, name in zip(row[2:], columns, strict=True):
            assert_shown(text.rstrip("%"), share * r[name])
    detection = [r for r in read(config).tables["table-detection"][2:] if len(r) > 1]
    shown = [value(t) for row in detection for t in row[1 : n + 1]]
    table = output.tables["screening"]
    expected = [
        float(table[(table["class"] == c) & (table["strategy"] == s)]["per_100000"].iloc[0])
        for c in table["class"].unique()
        for s in output.scenario.model.strategy_names
    ]
    assert shown == pytest.approx(expected, rel=1e-3)


def test_results_per_affected_birth_and_small_gains_have_digits():
    row = rows_of(UK, "table-pairwise")["Universal screening"]
    assert len(row[1].lstrip("0.").replace(".", "")) >= 3
    assert "Per affected birth" in plain_text(html_of(UK))


@pytest.mark.parametrize("config", [UK, NL, FOUR])
def test_occupancy_is_the_trace(config):
    output = ran(config)
    scale = 1e5 if output.scenario.model.about["basis"] == "birth" else 100
    trace = output.tables["trace"]
    for name, cohort in output.scenario.model.cohorts.items():
        rows = read(config).tables[f"table-occupancy-{name}"]
        first = next(r for r in rows[1:] if len(r) > 1)
        start = trace[(trace["cohort"] == name) & (trace["cycle"] == 0)]
        start = start[start["strategy"] == output.scenario.model.strategy_names[0]]
        expected = dict(zip(start["state"], start["occupancy"], strict=True))
        for state, text in zip(cohort.states, first[1:], strict=True):
            if not text.startswith("<"):
                assert value(text) == pytest.approx(scale * expected[state.name], abs=0.0051)


# --- the first page


def test_the_answer_of_two_strategies():
    text = plain_text(html_of(UK))
    pair = ran(UK).tables["pairwise"].iloc[0]
    assert pair["quadrant"] == "dominant"
    assert f"saves £{-pair['inc_cost']:.2f} and gains {pair['inc_qaly']:.6f} QALYs per birth" in text
    assert "so it dominates" in text and "affected births a year" in text and "annual cohort of 585,195 births" in text


def test_the_answer_of_several_strategies_names_frontier_and_the_rest():
    text = plain_text(html_of(NL))
    icer = ran(NL).tables["cea"]["icer"].dropna().iloc[0]
    assert f"€{icer:,.0f} per QALY" in text
    assert "Nusinersen is extendedly dominated by Best supportive care and Onasemnogene abeparvovec" in text
    assert "Best supportive care has the highest net monetary benefit at every threshold" in text


def test_an_effect_other_than_qalys_is_named():
    text = plain_text(html_of(HIV))
    assert "life-years per patient" in text and "per life-year gained" in text and "per QALY" not in text


@pytest.mark.parametrize("config", EVERY)
def test_departures_legacy_and_changes_appear_only_when_there_are_any(config):
    scenario, text = ran(config).scenario, html_of(config)
    assert ('class="departures"' in text) == bool(scenario.departures())
    assert ('class="legacy-countings"' in text) == bool(scenario.settings.legacy)
    assert ('class="changes"' in text) == bool(scenario.changes) == ('id="changes"' in text)
    assert ("No reference case is named" in text) == (scenario.reference_case is None)


def test_a_departure_is_shown_with_the_reference_value():
    text = plain_text(html_of(UK15))
    assert "Departs from the reference case uk_reference_case in two points." in text
    for what in ("Discount rate, costs", "Discount rate, outcomes"):
        old, new, reason = rows_of(UK15, "table-departures")[what]
        assert (old, new) == ("3.5%", "1.5%") and reason.startswith("Non-reference rate, shown as a sensitivity")
    assert "no reason given" not in text and "In line with the reference case" not in text


def test_a_departure_without_a_reason_is_shown_as_such(tmp_path):
    output = nbsmodel.run(
        ROOT / "configs" / "sma" / "uk_base_case.yaml", out=tmp_path / "out", sets=["settings.horizon=50 years"]
    )
    text = plain_text((output.folder / "report.html").read_text(encoding="utf-8"))
    assert "Departs from the reference case uk_reference_case in one point." in text
    assert "Horizonnot set50 yearsno reason given" in text
    assert output.tables["departures"].fillna("")["reason"].tolist() == [""]


def test_the_first_page_says_that_nothing_departs():
    text = plain_text(html_of(UK))
    assert "In line with the reference case uk_reference_case: every setting is the same." in text
    assert text.index("In line with") < text.index("The answer at base values")


def test_a_change_is_shown_old_and_new():
    text = plain_text(html_of(HALF))
    assert "discount on the list price: 0 → 0.5" in text
    row = next(r for r in read(HALF).tables["table-changes"] if r[1] == "overrides.discount_nusinersen")
    assert row[2:4] == ["0", "0.5"] and row[4].startswith("uk_drug_discount_50.yaml:")
