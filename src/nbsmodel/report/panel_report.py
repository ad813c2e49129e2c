"""The report of a panel: figures and one page, with the style and templates of every report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from nbsmodel import __version__
from nbsmodel.config.panel_parts import Panel
from nbsmodel.report.figures import write_figures
from nbsmodel.report.figures.ceac import draw_ceac
from nbsmodel.report.figures.panel import draw_adding, draw_contributions
from nbsmodel.report.figures.style import Drawing, Sketch, finish, house_style
from nbsmodel.report.format import counted, price_year, records
from nbsmodel.report.methods import rate_text
from nbsmodel.report.panel_grids import PanelGrids
from nbsmodel.report.panel_view import panel_view
from nbsmodel.report.panel_words import PanelWords
from nbsmodel.report.record import departures, legacy_countings, reference_name, result_files
from nbsmodel.report.report_drawings import picture
from nbsmodel.report.report_page import environment
from nbsmodel.report.sections.section import Section

TEMPLATE = "panel.html.j2"


def write_panel_report(folder: Path, panel: Panel, tables: dict[str, pd.DataFrame]) -> None:
    """Write figures and ``report.html`` of a panel into a results folder.

    Parameters
    ----------
    folder : Path
    panel : Panel
    tables : dict of str to DataFrame
        By file name without its ending, as `run_panel` made them.
    """
    words = PanelWords(panel, tables)
    drawings = panel_figures(words)
    write_figures(folder, drawings)
    (folder / "report.html").write_text(panel_page(words, drawings), encoding="utf-8", newline="\n")


def panel_figures(words: PanelWords) -> dict[str, Drawing]:
    """Figures by file name without its ending."""
    sketches: dict[str, Sketch | None] = {}
    with house_style():
        sketches["panel_contributions"] = draw_contributions(words)
        sketches["panel_adding"] = draw_adding(words)
        if "ceac" in words.tables:
            options = list(dict.fromkeys(words.tables["ceac"]["strategy"]))
            sketches["ceac"] = draw_ceac(panel_view(words.panel, options), dict(words.tables))
    return {name: finish(name, sketch) for name, sketch in sketches.items() if sketch is not None}


def panel_page(words: PanelWords, drawings: Mapping[str, Drawing]) -> str:
    """The report as one HTML page."""
    panel, tables = words.panel, words.tables
    view = panel_view(panel, ["no_screening", "all"])
    return environment().get_template(TEMPLATE).render(
        version=__version__,
        panel=panel,
        prices=price_year(panel.about),
        rates=rate_text(panel.settings),
        illustrations=list(words.illustrations()),
        answer=list(words.answer()),
        uncertainty=list(words.uncertain()),
        departures=departures(view),
        reference=reference_name(view),
        legacy=legacy_countings(view),
        counted=counted,
        conditions=records(tables["panel_conditions"]),
        quality=list(words.shared()),
        sections=panel_sections(words),
        pictures={name: picture(name, drawing) for name, drawing in drawings.items()},
        sources=[(key, source.citation, source.url, source.note) for key, source in panel.asked.sources.items()],
        files=result_files(dict(tables)),
    )  # fmt: skip


def panel_sections(words: PanelWords) -> list[Section]:
    """Sections of the page, in order."""
    grids = PanelGrids(words)
    changes, uncertain = grids.changes(), grids.uncertain()
    found = [
        Section("together", "Together, and what each condition adds", (),
                (grids.marginal(), "panel_contributions", "panel_adding", grids.options())),
        Section("break-even", "What the test may cost", tuple(words.break_even()), (grids.break_even(),)),
    ]  # fmt: skip
    if uncertain is not None:
        found.append(Section("psa", "With the parameters uncertain", tuple(words.uncertain()), (uncertain, "ceac")))
    found += [
        Section("screening", "Screening results", (), (grids.screening(),)),
        Section("components", "Costs by component", (), (grids.costs(),)),
        Section("conditions", "Conditions", tuple(words.shared()), (grids.conditions(),)),
        Section("inputs", "Inputs of the panel", (), (grids.parameters(), *([changes] if changes else []))),
        Section("methods", "Methods", tuple(words.method()), ()),
    ]
    return found
