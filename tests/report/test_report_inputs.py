"""What a report says of its inputs, of user-written text, and how it prints numbers."""

from __future__ import annotations

import math
import re
import shutil

import pytest
from test_report import EVERY, ROOT, TREE, UK, Stub, html_of, parsed, plain_text, ran, read

import nbsmodel
from nbsmodel.report.assumptions import ORDER, assumption_items
from nbsmodel.report.format import MINUS, decimals_for, fixed, joined, money, money_in_words, number, rates
from nbsmodel.report.record import cited_sources
from nbsmodel.report.report_page import page

# --- inputs


@pytest.mark.parametrize("config", EVERY)
def test_every_parameter_is_listed_with_status_and_source(config):
    scenario = ran(config).scenario
    ids, text = set(read(config).ids), html_of(config)
    sources = cited_sources(scenario)
    for name, row in scenario.model.parameters.rows.items():
        assert f"parameter-{name}" in ids
        assert set(row.sources) <= {s.key for s in sources}
    assert len({s.key for s in sources}) == len(sources) == sum(i.startswith("reference-") for i in ids)
    for name in scenario.model.derived:
        assert name.replace("_", "_<wbr>") in text


@pytest.mark.parametrize("config", EVERY)
def test_every_assumption_and_placeholder_is_in_the_list_worst_first(config):
    scenario = ran(config).scenario
    items = assumption_items(scenario)
    listed = {i.name for i in items if i.kind == "parameter"}
    rows = scenario.model.parameters.rows.values()
    assert listed >= {p.name for p in rows if p.status in ("placeholder", "assumption", "calibrated")}
    assert listed >= {
        n
        for n, v in scenario.overrides.items()
        if n in scenario.model.parameters.rows and v != scenario.model.parameters.rows[n].value
    }
    assert [ORDER.index(i.status) for i in items] == sorted(ORDER.index(i.status) for i in items)
    in_page = [row[0] for t in ORDER for row in read(config).tables.get(f"table-{t}", [])[1:]]
    assert len(in_page) == len(items)
    for item, text in zip(items, in_page, strict=True):
        assert item.label in text and item.name in text
    bad = sum(p.status in ("placeholder", "assumption") for p in rows)
    assert f"{bad} of {len(rows)}" in plain_text(html_of(config))


def test_a_placeholder_table_is_in_the_list():
    assert ("table", "weight", "placeholder") in {
        (i.kind, i.name, i.status) for i in assumption_items(ran(UK).scenario)
    }


def test_base_values_off_their_mean_are_shown(tmp_path):
    output = ran(UK)
    assert "None differs by more than 1%" in plain_text(html_of(UK)) or output.scenario.model.parameters.disagreements
    shutil.copytree(ROOT / TREE, tmp_path / "m" / "model")
    path = tmp_path / "m" / "model" / "parameters.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[0].split(",")
    lines = [line.replace(",0.379,probability,,", ",0.379,probability,beta(mean=0.4; se=0.01),") for line in lines]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "distribution" in cells
    changed = nbsmodel.run(tmp_path / "m" / "model", write=False)
    assert len(changed.scenario.model.parameters.disagreements) == 1
    rows = parsed(page(changed.scenario, changed.tables, {})).tables["table-disagreements"]
    assert rows[1][1:] == ["0.379", "0.4", f"{MINUS}5.25%"]


# --- what users write is text


def test_what_users_write_is_escaped(tmp_path):
    shutil.copytree(ROOT / TREE, tmp_path / "m" / "model")
    evil = '<script>alert(1)</script><img src="http://x.test/a.png">'
    model = tmp_path / "m" / "model" / "model.yaml"
    text = model.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^title:.*$", lambda _: f"title: '{evil}'", text)
    model.write_text(text.replace("{label: Sumatriptan,", f"{{label: '{evil} S',"), encoding="utf-8")
    sources = tmp_path / "m" / "model" / "sources.yaml"
    citation = f"evans1997:\n  citation: '{evil}'\n  url: 'javascript:alert(1)'\n"
    sources.write_text(citation, encoding="utf-8")
    config = tmp_path / "c.yaml"
    config.write_text(f"model: m/model\ntitle: '{evil} t'\nnote: '{evil} n'\n", encoding="utf-8")
    output = nbsmodel.run(config, write=False)
    drawn = page(output.scenario, output.tables, {"plane": Stub(evil, evil, evil)})
    assert "<script" not in drawn and "<img" not in drawn and drawn.count("&lt;script&gt;") > 8
    assert 'href="javascript' not in drawn
    assert parsed(drawn).wrong == []


# --- numbers


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (number(0.00081), "0.00081"),
        (number(-0.5), f"{MINUS}0.5"),
        (number(1234567.8), "1,234,568"),
        (number(math.nan), ""),
        (number(0), "0"),
        (number(585195, 6), "585,195"),
        (fixed(-52.232, 2), f"{MINUS}52.23"),
        (fixed(0.0031, 2), "0.0031"),
        (fixed(0.0, 2), "0.00"),
        (fixed(math.nan, 2), ""),
        (money(-52.23, "GBP"), f"{MINUS}£52.23"),
        (money(138983.9, "EUR"), "€138,984"),
        (money(5, "CHF"), "CHF\N{NO-BREAK SPACE}5.00"),
        (money_in_words(30566470.0, "GBP"), "£30.6\N{NO-BREAK SPACE}million"),
        (decimals_for([0.000805, 0.001]), 6),
        (decimals_for([math.nan, 0.0], least=2), 2),
        (rates(0.035), "3.5%"),
        (
            rates([{"from_year": 0, "rate": 0.035}, {"from_year": 30, "rate": 0.03}]),
            "3.5% from year 0, 3% from year 30",
        ),
        (joined(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_numbers_as_people_read_them(shown, expected):
    assert shown == expected
