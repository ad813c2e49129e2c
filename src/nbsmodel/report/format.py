"""Numbers, money and settings as people read them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from nbsmodel.config.settings import RateStep

MINUS, NO_BREAK = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
ARROW, TIMES = "\N{RIGHTWARDS ARROW}", "\N{MULTIPLICATION SIGN}"

#: What is this small beside the largest number of its row is no difference but the error of adding up.
ROUNDING = 1e-12

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "US$", "CAD": "CA$", "AUD": "A$"}

SETTING_LABELS = {
    "discount_rate_costs": "Discount rate, costs",
    "discount_rate_outcomes": "Discount rate, outcomes",
    "discount_timing": "Discount timing",
    "within_cycle_correction": "Within-cycle correction",
    "horizon": "Horizon",
    "thresholds": "Thresholds",
    "effect": "Effect of the ICER",
    "perspectives": "Perspectives in the headline",
}


def number(value: Any, digits: int = 4) -> str:
    """A number with about `digits` significant digits and thousands separated; empty when there is none."""
    if not _is_number(value):
        return ""
    if value == 0:
        return "0"
    decimals = min(max(0, digits - 1 - math.floor(math.log10(abs(value)))), 14)
    text = f"{abs(value):,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return (MINUS if value < 0 and _not_zero(text) else "") + text


def fixed(value: Any, decimals: int) -> str:
    """A number with fixed decimals, for columns; what would round to zero keeps two significant digits."""
    if not _is_number(value):
        return ""
    text = f"{abs(value):,.{decimals}f}"
    if value != 0 and not _not_zero(text):
        return number(value, 2)
    return (MINUS if value < 0 else "") + text


def decimals_for(values: Iterable[Any], digits: int = 3, least: int = 0, most: int = 8) -> int:
    """Decimals with which the smallest of some numbers still shows `digits` significant digits."""
    sizes = [abs(v) for v in values if _is_number(v) and v != 0]
    if not sizes:
        return least
    return min(max(least, digits - 1 - math.floor(math.log10(min(sizes)))), most)


def rounded_away(values: Sequence[float]) -> list[float]:
    """Numbers of a row and their differences, with 0 for what is so small beside the others that it is rounding."""
    largest = max((abs(v) for v in values if _is_number(v)), default=0.0)
    return [0.0 if _is_number(v) and abs(v) < ROUNDING * largest else v for v in values]


def money_decimals(values: Iterable[Any]) -> int:
    """Whole units of currency for large amounts, hundredths for small ones."""
    return 0 if any(_is_number(v) and abs(v) >= 10_000 for v in values) else 2


def currency_sign(currency: str) -> str:
    """What stands before an amount: a symbol, or the code and a space."""
    return SYMBOLS.get(currency, currency + NO_BREAK)


def money(value: float, currency: str, decimals: int | None = None) -> str:
    """An amount with its currency: £52.23, £522,330, US$1.20."""
    decimals = (0 if abs(value) >= 1000 else 2) if decimals is None else decimals
    return _with_sign(fixed(value, decimals), currency)


def money_in_words(value: float, currency: str) -> str:
    """Like `money`, with millions and billions written out."""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if abs(value) >= size:
            return _with_sign(number(value / size, 3), currency) + f"{NO_BREAK}{word}"
    return money(value, currency)


def whole(value: float) -> str:
    """A setting such as a threshold: thousands separated, no needless decimals."""
    return number(value, 15)


def percent(value: Any) -> str:
    """A fraction as a percentage."""
    return "" if not _is_number(value) else number(100 * float(value), 6) + "%"


def share(value: float) -> str:
    """A share of draws in percent: one decimal, or two digits of what is left next to 0 and 100%."""
    if 0 < value < 0.001:
        return f"{100 * value:.2g}%"
    if 0.999 < value < 1:
        return f"{100 - float(f'{100 * (1 - value):.2g}'):.10g}%"
    return f"{100 * value:.1f}%" if 0 < value < 1 else f"{100 * value:.0f}%"


def probability(value: float, digits: int = 4) -> str:
    """A probability in percent: rare ones per 100,000, and near 1 two digits of what is left."""
    if 0 < value < 0.001:
        return f"{number(1e5 * value, min(digits, 3))} per 100,000"
    if 0.999 < value < 1:
        return f"{100 - float(f'{100 * (1 - value):.2g}'):.10g}%"
    return number(100 * value, digits) + "%"


def in_proportion(label: str, moved: object) -> str:
    """Label of a value that is varied; says so where other shares of its whole move with it."""
    return f"{label} (others in proportion)" if isinstance(moved, str) and moved else label


def rates(value: Any) -> str:
    """A discount rate or a schedule of rates."""
    if not isinstance(value, list):
        return percent(value)
    steps = [(s.from_year, s.rate) if isinstance(s, RateStep) else (s["from_year"], s["rate"]) for s in value]
    if len(steps) == 1:
        return percent(steps[0][1])
    first, *later = [f"{percent(rate)} from year {whole(year)}" for year, rate in steps]
    return ", ".join([first, *later])


def setting(key: str, value: Any) -> str:
    """The value of a setting, in the form `Settings.as_written` gives it."""
    if value is None:
        return "not set"
    if key.startswith("discount_rate"):
        return rates(value)
    if isinstance(value, dict):
        return ", ".join(f"{'all others' if k == 'default' else k}: {v}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(whole(v) if _is_number(v) else str(v) for v in value)
    return str(value)


def price_year(about: dict[str, str]) -> str:
    """Currency and price year; some models have no price year."""
    year = about["price_year"]
    if year.strip().lower() in ("", "none", "not stated", "unknown"):
        return f"{about['currency']}, price year not stated"
    return f"{about['currency']}, {year} prices"


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table, each by column name."""
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def joined(parts: Iterable[str], last: str = "and") -> str:
    """``a, b and c``."""
    items = list(parts)
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + f" {last} {items[-1]}" if items else ""


def in_sentence(label: str) -> str:
    """A label as it stands within a sentence: ``Life-years`` becomes ``life-years``, ``QALYs`` stays."""
    return label if label[1:2].isupper() or label[1:2] == "" else label[0].lower() + label[1:]


def as_sentence(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]


def plain(name: str) -> str:
    """A name of a file or a key, as words."""
    return name.replace("_", " ")


def breakable(name: str) -> Markup:
    """A long name or formula that may break after an underscore."""
    return Markup(str(escape(name)).replace("_", "_<wbr>"))


def counted(n: int, one: str, many: str = "") -> str:
    """A number of things, small numbers in words."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return f"{words[n] if n < len(words) else f'{n:,}'} {one if n == 1 else many or one + 's'}"


def _with_sign(text: str, currency: str) -> str:
    sign = currency_sign(currency)
    return MINUS + sign + text[1:] if text.startswith(MINUS) else sign + text


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _not_zero(text: str) -> bool:
    return any(c in "123456789" for c in text)
