"""Published beside ours: the verdict on one quantity."""

from __future__ import annotations

import math

EXACT = "exact"
ROUNDING = "within rounding"
NOISE = "within noise"
BENCHMARK = "benchmark: inputs not public"
CALIBRATED = "calibrated"

DIFFERS = "differs"

#: What each verdict says, in the order of how much it says.
MEANING = {
    EXACT: "the same number: a relative difference of at most one in a million",
    ROUNDING: "the difference is within the stated tolerance, standing for rounding of the figure or of its inputs",
    NOISE: "the difference is within the stated tolerance, standing for chance in the source: simulation or sampling",
    CALIBRATED: "ours was fitted to the figure, or to one from which it follows, so agreement says nothing",
    BENCHMARK: "another model's figure, or one whose inputs cannot be read: set beside ours, agreement not expected",
    DIFFERS: "the difference is larger than the stated tolerance; the reason says why, or that it is not known",
}

#: Relative difference up to which two numbers given with many digits are the same.
EXACTLY = 1e-6


def verdict(
    kind: str,
    published: float,
    ours: float,
    *,
    relative: float | None,
    absolute: float | None,
    noise: bool,
    reason: str,
) -> str:
    """Verdict on a published quantity.

    Parameters
    ----------
    kind : {'exact', 'published', 'benchmark', 'calibrated'}
    published, ours : float
    relative, absolute : float or None
        Allowed difference, as a share of the published value or in its unit.
    noise : bool
        The allowance stands for Monte Carlo noise of the source, not for rounding.
    reason : str
        Why it differs, where it does.

    Returns
    -------
    str
        ``exact``, ``within rounding``, ``within noise``, ``differs: ...``, ``benchmark: inputs not public``
        or ``calibrated``.
    """
    if kind == "benchmark":
        return BENCHMARK
    if kind == "calibrated":
        return CALIBRATED
    gap = abs(ours - published)
    allowed = max((relative or 0.0) * abs(published), absolute or 0.0)
    # the last printed digit was rounded from a number that may lie exactly on its edge
    fits = math.isfinite(ours) and gap <= allowed * (1 + 1e-9) + 1e-12 * abs(published)
    if not fits:
        return f"{DIFFERS}: {reason or 'reason unknown'}"
    if noise:
        return NOISE
    return EXACT if gap <= EXACTLY * abs(published) else ROUNDING
