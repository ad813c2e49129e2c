"""A panel as figures and texts of scenarios read one: its options stand for strategies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from nbsmodel.config.panel_parts import Panel
from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parts import Strategy
from nbsmodel.report.format import as_sentence, in_sentence, joined

NONE, ALL, ONLY, WITHOUT = "no_screening", "all", "only_", "without_"


def panel_view(panel: Panel, options: Sequence[str]) -> Scenario:
    """A scenario whose strategies are options of a panel.

    It has the currency, prices, outcomes and settings that all conditions of the panel have in common, and is
    for labels and units only: it cannot be run.

    Parameters
    ----------
    panel : Panel
    options : sequence of str
        Names as `nbsmodel.analysis.panel.options_of` gives them.
    """
    own = next(iter(panel.conditions.values())).own
    strategies = tuple(Strategy(name, option_label(panel, name), {}) for name in options)
    model = replace(own.model, strategies=strategies, comparator=NONE, tree=(), cohorts={})
    return replace(
        own, name=panel.name, title=panel.title, note=panel.note, model=model, overrides={}, choices={}, changes=(),
        seed=panel.seed, reference_case=panel.reference_case, reasons=panel.reasons, analyses=panel.analyses,
        files=panel.files,
    )  # fmt: skip


def option_label(panel: Panel, name: str) -> str:
    """An option in words."""
    if name == NONE:
        return "No screening"
    if name == ALL:
        return together(panel)
    if name.startswith(ONLY):
        return f"{panel.conditions[name.removeprefix(ONLY)].label} only"
    return f"All but {panel.conditions[name.removeprefix(WITHOUT)].label}"


def together(panel: Panel) -> str:
    """All conditions by name when they are few, else by number, as a sentence begins with them."""
    labels = [c.label for c in panel.conditions.values()]
    return as_sentence(listed(labels)) if len(labels) <= 3 else f"All {len(labels)} conditions"


def listed(labels: Iterable[str]) -> str:
    """Labels within a sentence: ``condition a and condition b``."""
    return joined(map(in_sentence, labels))
