"""Sentences on prices and thresholds: what was uprated and by which index, what was not, which presets were used."""

from __future__ import annotations

from collections.abc import Iterator

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.units import currencies
from nbsmodel.report.format import as_sentence, counted, currency_sign, joined, number, whole

#: So many names are listed; the table of parameters has all.
MOST = 12


def price_sentences(scenario: Scenario) -> Iterator[str]:
    """How prices came to the price year of the results, and which stay in another."""
    model = scenario.model
    prices, rows = model.prices, model.parameters.rows
    if prices.year != prices.own:
        yield f"Prices are those of {prices.year}; the model as its folder has it is in {prices.own} prices."
    moved: dict[str, list[str]] = {}
    for name, one in prices.uprated.items():
        if one.factor != 1:
            moved.setdefault(one.vintage, []).append(name)
    for vintage, names in moved.items():
        pairs = dict.fromkeys((rows[n].price_year, number(prices.factor(n), 5)) for n in names)
        factors = joined(f"{factor} from {year}" for year, factor in pairs)
        yield (
            f"{as_sentence(counted(len(names), 'cost'))} ({_listed(names)}) {'is' if len(names) == 1 else 'are'} "
            f"multiplied by an index to {prices.year}, {factors}. Index: {vintage}."
        )
    same = [name for name, one in prices.uprated.items() if one.factor == 1]
    if same and (moved or prices.year != prices.own):
        yield f"{as_sentence(counted(len(same), 'cost'))} with an index {_stand(same)} in {prices.year} prices already."
    if prices.never:
        yield f"Never uprated (index none): {_listed(_with_year(scenario, prices.never))}."
    if prices.left:
        yield (
            f"Not in {prices.year} prices and without an index, so used as they stand unless a formula of the model "
            f"changes them: {_listed(_with_year(scenario, prices.left))}."
        )
    rates = [row for row in rows.values() if len(currencies(row.unit)) == 2]
    if rates:
        listed = joined(f"{number(scenario.overrides.get(r.name, r.value), 4)} {r.unit} ({r.name})" for r in rates)
        yield f"Amounts in another currency are multiplied by exchange rates: {listed}."


def preset_sentences(scenario: Scenario) -> Iterator[str]:
    """Which presets the thresholds were taken from, and which of them are from memory only."""
    sign = currency_sign(scenario.model.about["currency"])
    for preset in scenario.presets:
        values = joined(sign + whole(v) for v in preset.values)
        text = f"Thresholds of the preset {preset.name}, {preset.label}: {values}."
        if preset.placeholders:
            which = joined(sign + whole(v) for v in preset.placeholders)
            have = "is a placeholder" if len(preset.placeholders) == 1 else "are placeholders"
            text += f" {which} {have} from memory, not read in any source: replace before use."
        yield text


def _stand(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _with_year(scenario: Scenario, names: tuple[str, ...]) -> list[str]:
    years = {name: scenario.model.parameters.rows[name].price_year for name in names}
    return [f"{name} ({year})" if year else name for name, year in years.items()]


def _listed(names: list[str]) -> str:
    return joined(names if len(names) <= MOST else [*names[:MOST], f"{len(names) - MOST} more"])
