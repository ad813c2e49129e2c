"""Figure: what each kind of data in a study would be worth."""

from __future__ import annotations

import pandas as pd

from nbsmodel.config.scenario import Scenario
from nbsmodel.report.figures.ranked import RankedPanels
from nbsmodel.report.figures.style import FAINT, INK, PALE, PALETTE, WIDTH, Sketch
from nbsmodel.report.figures.words import basis, currency, effect_unit, listing, money, number, scale
from nbsmodel.report.study_tables import ALL, numbers_of, shown_design, worded

Z95 = 1.96
ROW, BOTTOM = 0.34, 0.8
KEYS = ("knowing for certain (EVPPI)", "value of the data (EVSI)", "95% interval")


def draw_evsi_data(scenario: Scenario, tables: dict[str, pd.DataFrame]) -> Sketch | None:
    """Bars of each kind of data alone, in the design with the highest net benefit; None with a single kind."""
    if "evsi" not in tables:
        return None
    table, limits = tables["evsi"], tables["evsi_limits"]
    rows = shown_design(table)
    alone = rows[rows["data"] != ALL]
    if len(alone) < 2:
        return None
    limits = limits[limits["threshold"] == table["threshold"].iloc[0]].set_index("data")
    order = alone.sort_values("evsi", ascending=False, kind="stable")
    whole = rows[rows["data"] == ALL]
    names = [str(limits["label"][d]) for d in order["data"]]
    panels = RankedPanels({"": ["All data of the study", *names]}, ROW, BOTTOM)
    (axes,) = panels.axes
    bars = pd.concat([whole, order])
    perfect = [float(limits["evppi"][d]) for d in bars["data"]]
    divisor, word = scale(perfect)
    places = range(len(bars))
    axes.barh(places, [p / divisor for p in perfect], 0.7, color=PALE, edgecolor=FAINT, linewidth=0.4, label=KEYS[0])
    axes.barh(places, bars["evsi"] / divisor, 0.4, color=PALETTE[0], edgecolor=INK, linewidth=0.4, label=KEYS[1])
    for place, value, error in zip(places, bars["evsi"], bars["se"], strict=True):
        ends = [max(value - Z95 * error, 0.0) / divisor, (value + Z95 * error) / divisor]
        axes.plot(ends, [place, place], color=INK, linewidth=1.0, marker="|", markersize=6,
                  label=KEYS[2] if place == 0 else "_")  # fmt: skip
    high = max(*perfect, float((bars["evsi"] + Z95 * bars["se"]).max())) / divisor
    panels.across(0, 1.04 * high if high else 1.0, f"Expected value {basis(scenario)} ({currency(scenario, word)})")
    found = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    panels.figure.legend([found[k] for k in KEYS], KEYS, loc="lower left", ncols=3, borderaxespad=0.3,
                         bbox_to_anchor=(panels.left / WIDTH - 0.02, 0.0), columnspacing=1.4)  # fmt: skip
    row = whole.iloc[0]
    sizes = listing([f"{number(float(row[n]))} {worded(n)}" for n in numbers_of(table) if row[n] == row[n]])
    threshold = f"{number(float(row['threshold']))} {scenario.model.about['currency']} per {effect_unit(scenario)}"
    caption = (
        f"Each kind of data alone, and all of them, in a study with {sizes or 'the sizes of the design'}, at "
        f"{threshold}; pale bars are the limit that more of the same data could reach."
    )
    told = listing([f"{n} {money(v)}" for n, v in zip(["all data", *names], bars["evsi"], strict=True)])
    alt = f"Bars of the expected value of sample information {basis(scenario)} ({currency(scenario)}): {told}."
    return Sketch(panels.figure, "What the study should measure", caption, alt)
