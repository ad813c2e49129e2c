"""Numbers and units as they are printed on figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor, log10

from nbsmodel.config.scenario import Scenario
from nbsmodel.model.parts import LIFE_YEARS, QALY

_NO_YEAR = {"", "none", "n/a", "not applicable"}


def number(value: float, digits: int = 3) -> str:
    """A number to some significant digits, in thousands and millions where it is large."""
    size = abs(value)
    if size >= 999_500:
        text = f"{value / 1e6:,.{_decimals(value / 1e6, digits)}f} million"
    elif size >= 1000:
        text = f"{value:,.0f}"
    elif size == 0:
        text = "0"
    elif size < 1e-5:
        text = f"{value:.{digits - 1}e}"
    else:
        text = f"{value:,.{_decimals(value, digits)}f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
    return text.replace("-", "\N{MINUS SIGN}")


def money(value: float) -> str:
    """An amount: three digits from a million, whole units from a thousand, two decimals below."""
    if abs(value) >= 1000:
        return number(value)
    return f"{value:,.2f}".replace("-0.00", "0.00").replace("-", "\N{MINUS SIGN}")


def _decimals(value: float, digits: int) -> int:
    rounded = abs(float(f"{value:.{digits - 1}e}"))
    return max(0, digits - 1 - floor(log10(rounded)))


def scale(values: Iterable[float]) -> tuple[float, str]:
    """What to divide amounts by on an axis, and the word for it."""
    largest = max((abs(v) for v in values), default=0.0)
    if largest >= 1e6:
        return 1e6, "million "
    return (1e3, "thousand ") if largest >= 1e4 else (1.0, "")


def currency(scenario: Scenario, word: str = "") -> str:
    """``GBP, 2024/25 prices`` with a word such as ``million`` in front."""
    about = scenario.model.about
    year = about["price_year"]
    if year.lower() in _NO_YEAR:
        return f"{word}{about['currency']}"
    if not any(c.isdigit() for c in year):
        return f"{word}{about['currency']}, price year {year}"
    return f"{word}{about['currency']}, {year} prices"


def basis(scenario: Scenario) -> str:
    """``per birth`` or ``per patient``."""
    return f"per {scenario.model.about['basis']}"


def effect_label(scenario: Scenario) -> str:
    """The effect in the plural, as on an axis."""
    outcome = scenario.model.outcomes[scenario.settings.effect]
    if outcome.name in (QALY, LIFE_YEARS) or outcome.unit.lower() in outcome.label.lower():
        return outcome.label
    return f"{outcome.label} ({outcome.unit})"


def effect_unit(scenario: Scenario) -> str:
    """One unit of the effect, as in ``GBP per QALY``."""
    name = scenario.settings.effect
    one = {QALY: "QALY", LIFE_YEARS: "life-year"}
    return one.get(name, scenario.model.outcomes[name].unit)


def labels(scenario: Scenario) -> dict[str, str]:
    """Labels of the strategies by name."""
    return {s.name: s.label for s in scenario.model.strategies}


def listing(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else text + "."
