"""Transition values of one state: hazards first, then probabilities for those who remain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.engine import check
from nbsmodel.engine.check import SUM_TOLERANCE, Where
from nbsmodel.engine.values import Values, at_row
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.parts import Cohort, Model, Transition

Array = Any


@dataclass
class Moves:
    """What happens to those in a state over a cycle.

    Parameters
    ----------
    leave : array or None
        Share whom hazards move; None when the state has no hazards.
    by_hazard : list of (target state, share of those moved or None for all of them)
    by_probability : list of (target state, probability among those who remain)
    stay : array or None
        Probability of staying among those who remain; None means all of them stay.
    """

    leave: Array | None
    by_hazard: list[tuple[str, Array | None]]
    by_probability: list[tuple[str, Array]]
    stay: Array | None

    def at(self, row: int) -> Moves:
        """The moves of one cycle, from arrays over cycles."""
        return Moves(
            None if self.leave is None else at_row(self.leave, row),
            [(to, None if share is None else at_row(share, row)) for to, share in self.by_hazard],
            [(to, at_row(q, row)) for to, q in self.by_probability],
            None if self.stay is None else at_row(self.stay, row),
        )

    def leads_to(self, target: str) -> bool:
        """Whether anybody may move to a state, in any draw and cycle."""
        shares = [self.leave if share is None else share for to, share in self.by_hazard if to == target]
        return any(np.any(share) for share in shares + [q for to, q in self.by_probability if to == target])


class TransitionEvaluator:
    """Evaluates the transitions of a cohort's states.

    Parameters
    ----------
    model : Model
    cohort : Cohort
    where : Where
    """

    def __init__(self, model: Model, cohort: Cohort, where: Where) -> None:
        self.model, self.cohort, self.where = model, cohort, where

    def moves(self, origin: str, values: Values, rows: int | None, row: int | None = None) -> Moves | None:
        """Moves out of a state.

        Parameters
        ----------
        origin : str
        values : Values
            At the level of the whole cohort (arrays over cycles), or of one row.
        rows : int or None
            Number of cycles, when `values` holds arrays over rows 0..n: the last row is cut off.
        row : int, optional
            The row, when `values` is one row.

        Returns
        -------
        Moves or None
            None when nobody leaves the state.
        """
        transitions = self.cohort.transitions.get(origin, ())
        if not transitions:
            return None
        dt = self._cut(values["dt"], rows)
        hazards = [(t, self._rate(origin, t, values, rows, row)) for t in transitions if t.kind == "hazard"]
        leave, shares = _compete(hazards, dt)
        probabilities, rest, stay_listed = [], None, None
        total: Array = 0.0
        for t in transitions:
            if t.kind != "probability":
                continue
            if t.formula is None:
                rest = t.to
                continue
            q = self._probability(origin, t, values, rows, row, dt)
            total = total + q
            if t.to == origin:
                stay_listed = q
            else:
                probabilities.append((t.to, q))
        if not np.all(total <= 1 + SUM_TOLERANCE):
            self._too_much(origin, total, row)
        left = np.maximum(1.0 - total, 0.0)
        stay: Array | None = None
        if rest is not None and rest != origin:
            probabilities.append((rest, left))
            stay = 0.0 if stay_listed is None else stay_listed
        elif probabilities or stay_listed is not None:
            if stay_listed is not None and rest is None:
                self._needs_rest(origin, total, row)
            stay = left if stay_listed is None else left + stay_listed
        for t in transitions:
            if t.kind == "tunnel" and t.formula is not None:
                over = self._cut(np.asarray(values.value(t.formula.node)), rows)
                staying = left if stay is None else stay
                probabilities.append((t.to, staying * over))
                stay = staying * (1.0 - over)
        return Moves(leave, shares, probabilities, stay)

    def _cut(self, array: Array, rows: int | None) -> Array:
        return array[:rows] if rows is not None and np.ndim(array) == 3 else array

    def _rate(self, origin: str, t: Transition, values: Values, rows: int | None, row: int | None) -> Array:
        assert t.formula is not None and t.per is not None
        rate = self._cut(np.asarray(values.value(t.formula.node)), rows)
        what = f"the hazard from {origin} to {t.to}"
        check.hazard(rate, t.formula, what, self.where, self.model, values, row)
        return rate if t.per == 1 else rate / float(t.per)

    def _probability(
        self, origin: str, t: Transition, values: Values, rows: int | None, row: int | None, dt: Array
    ) -> Array:
        assert t.formula is not None
        q = self._cut(np.asarray(values.value(t.formula.node)), rows)
        what = f"the probability from {origin} to {t.to}"
        check.probability(q, t.formula, what, self.where, self.model, values, row)
        q = np.clip(q, 0.0, 1.0)
        if t.per is not None:  # per unit of time: brought to the cycle at a constant hazard
            with np.errstate(divide="ignore"):
                q = -np.expm1(np.log1p(-q) * dt / float(t.per))
        return q

    def _too_much(self, origin: str, total: Array, row: int | None) -> None:
        bad = np.atleast_1d(total > 1 + SUM_TOLERANCE)
        shown = float(np.broadcast_to(total, bad.shape)[bad].ravel()[0])
        found = f"the probabilities out of {origin} add up to {shown:.12g}{self.where.words(bad, row)}."
        raise InputError([Problem(self._place(origin), found, "They may add up to 1 at most.")])

    def _needs_rest(self, origin: str, total: Array, row: int | None) -> None:
        """A row that lists staying must be complete."""
        bad = np.atleast_1d(np.abs(total - 1) > SUM_TOLERANCE)
        if bad.any():
            shown = float(np.broadcast_to(total, bad.shape)[bad].ravel()[0])
            found = f"{origin} lists staying, but its probabilities add up to {shown:.12g}{self.where.words(bad, row)}."
            raise InputError([Problem(self._place(origin), found, "Make them add up to 1, or give one target `rest`.")])

    def _place(self, origin: str) -> str:
        formulas = [t.formula for t in self.cohort.transitions[origin] if t.formula is not None]
        return formulas[0].place.rsplit(".", 2)[0] if formulas else origin


def _compete(hazards: list[tuple[Transition, Array]], dt: Array) -> tuple[Array | None, list[tuple[str, Array | None]]]:
    """Competing constant hazards over a cycle: the share who leave, and how they are shared out."""
    if not hazards:
        return None, []
    if len(hazards) == 1:
        transition, rate = hazards[0]
        return _leaving(rate, dt), [(transition.to, None)]
    total = hazards[0][1] + hazards[1][1]
    for _, rate in hazards[2:]:
        total = total + rate
    if np.min(total) > 0:  # the usual case, which needs no second look at every element
        return _leaving(total, dt), [(t.to, rate / total) for t, rate in hazards]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [(t.to, np.where(total > 0, rate / total, 0.0)) for t, rate in hazards]
    return _leaving(total, dt), list(shares)


def _leaving(rate: Array, dt: Array) -> Array:
    """Share who leave in a cycle at a constant rate.

    ``expm1`` keeps the precision of small hazards, whose events may be what a model counts. These are
    the largest arrays of a run: they are worked on in place.
    """
    share = np.asarray(rate * -dt)
    np.expm1(share, out=share)
    return np.negative(share, out=share)
