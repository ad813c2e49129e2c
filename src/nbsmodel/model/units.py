"""What a unit says: the legal range of a value, and whether it is money."""

from __future__ import annotations

import difflib
import math
import re

#: Lowest and highest legal value by unit; any other unit (currencies, years, counts, ...) is >= 0.
_RANGES = {
    "probability": (0.0, 1.0),
    "share": (0.0, 1.0),
    "utility": (-1.0, 1.0),
    "number": (-math.inf, math.inf),
}


#: Units that are common and are not mistaken for another.
_COMMON = ("disutility", "rate", "ratio", "count", "years", "months", "weeks", "days")


def meant_unit(unit: str) -> str | None:
    """The unit with a meaning of its own that a slip of the pen would leave without it; None for all others."""
    if unit in _RANGES or unit in _COMMON:
        return None
    if re.fullmatch(r"[A-Z]{3}/[A-Z]{3}", unit) and set(unit.split("/")) <= CURRENCIES:
        return unit.replace("/", " per ")
    near = difflib.get_close_matches(unit.lower(), _RANGES, n=1, cutoff=0.75)
    return near[0] if near else None


def legal_range(unit: str) -> tuple[float, float]:
    """Lowest and highest value that a unit allows (both included)."""
    return _RANGES.get(unit, (0.0, math.inf))


def range_text(unit: str) -> str:
    """The legal range in words, for messages."""
    low, high = legal_range(unit)
    if not math.isfinite(low):
        return "a finite number"
    return f"between {low:g} and {high:g}" if math.isfinite(high) else f"at least {low:g}"


#: ISO 4217, with what the euro replaced. Other words of three capitals, such as MRI, are no money.
CURRENCIES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
    USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL ATS BEF DEM EEK ESP FIM FRF GRD HRK IEP ITL LTL LUF
    LVL MTL NLG PTE SIT SKK
    """.split()
)
_MONEY = re.compile(r"([A-Z]{3})(?: per ([A-Z]{3})\Z|(?![A-Za-z0-9]))")


def currencies(unit: str) -> dict[str, int]:
    """Powers of currencies in a unit.

    Parameters
    ----------
    unit : str
        An amount begins with the code of its currency (``GBP``, ``GBP per vial``); ``GBP per EUR`` is an exchange rate.

    Returns
    -------
    dict of str to int
        ``{"GBP": 1}`` for an amount, ``{"GBP": 1, "EUR": -1}`` for an exchange rate, empty for what is no money.
    """
    match = _MONEY.match(unit)
    if match is None or match[1] not in CURRENCIES:
        return {}
    if match[2] is None or match[2] not in CURRENCIES:
        return {match[1]: 1}
    return {match[1]: 1, match[2]: -1} if match[1] != match[2] else {}


def is_amount(unit: str) -> bool:
    """Whether a unit is an amount of money."""
    return len(currencies(unit)) == 1
