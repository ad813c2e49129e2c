"""The decision tree: path probabilities, payoffs on branches, and who enters which cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.engine import check
from nbsmodel.engine.check import SUM_TOLERANCE, Where
from nbsmodel.engine.ledger import Ledger
from nbsmodel.engine.values import Values
from nbsmodel.errors import InputError, Problem
from nbsmodel.model.parts import Account, Branch, Entry, Formula, Model

Array = Any


@dataclass
class Arrival:
    """All leaves that enter a cohort at the same time with the same numbers handed over.

    Parameters
    ----------
    entry : Entry
        Of the first such leaf.
    mass : dict of str to array (strategy, draw)
        Share of the tree's population by start state.
    """

    entry: Entry
    mass: dict[str, Array]


@dataclass
class Leaf:
    """A leaf after evaluation.

    Parameters
    ----------
    path : tuple of Branch
    probability : array (strategy, draw)
    payoffs : dict of str to array (strategy, draw)
        Undiscounted sum of the branch payoffs on the way, by outcome, per person on the path.
    """

    path: tuple[Branch, ...]
    probability: Array
    payoffs: dict[str, Array]


class TreeRun:
    """Evaluates the tree of a model for one block of draws.

    Parameters
    ----------
    model : Model
    values : Values
    ledger : Ledger
        Receives the payoffs of branches.
    where : Where
    """

    def __init__(self, model: Model, values: Values, ledger: Ledger, where: Where) -> None:
        self.model, self.values, self.ledger, self.where = model, values, ledger, where
        self.leaves: list[Leaf] = []
        self.arrivals: dict[Any, Arrival] = {}

    def run(self) -> None:
        """Walk the tree; results are in ``leaves`` and ``arrivals``."""
        everyone = np.ones(self.ledger.shape)
        self._node(self.model.tree, everyone, (), {})

    def _node(
        self, branches: tuple[Branch, ...], mass: Array, above: tuple[Branch, ...], paid: dict[str, Array]
    ) -> None:
        shares = self._shares([(b.name, b.p) for b in branches], "branch", branches[0].place)
        for branch, share in zip(branches, shares, strict=True):
            here = mass * share
            path = (*above, branch)
            paid_here = self._pay(branch, here, paid)
            if branch.branches:
                self._node(branch.branches, here, path, paid_here)
                continue
            self.leaves.append(Leaf(path, here, paid_here))
            if branch.entry is not None:
                self._arrive(branch.entry, here)

    def _shares(self, parts: list[tuple[str, Formula | None]], what: str, place: str) -> list[Array]:
        """Shares of a whole; ``rest`` gets what the others leave."""
        shares: list[Array] = []
        total: Array = 0.0
        for name, formula in parts:
            if formula is None:
                shares.append(None)
                continue
            share = self.values.value(formula.node)
            check.probability(share, formula, f"the probability of {what} {name}", self.where, self.model, self.values)
            shares.append(share)
            total = total + share
        has_rest = any(s is None for s in shares)
        ok = total <= 1 + SUM_TOLERANCE if has_rest else np.abs(total - 1) <= SUM_TOLERANCE
        if not np.all(ok):
            self._report_sum(parts, total, ok, has_rest, place)
        rest = np.maximum(1.0 - total, 0.0)
        return [rest if s is None else np.clip(s, 0.0, 1.0) for s in shares]

    def _report_sum(self, parts: list[Any], total: Array, ok: Array, has_rest: bool, place: str) -> None:
        bad = ~np.asarray(ok)
        shown = float(np.broadcast_to(total, np.shape(bad))[bad].ravel()[0]) if np.ndim(bad) else float(total)
        names = ", ".join(name for name, _ in parts)
        found = f"the probabilities of {names} add up to {shown:.12g}{self.where.words(bad)}."
        fix = "They may add up to 1 at most." if has_rest else "They must add up to 1; give one of them `rest`."
        raise InputError([Problem(place, found, fix)])

    def _pay(self, branch: Branch, mass: Array, paid: dict[str, Array]) -> dict[str, Array]:
        if not branch.payoffs:
            return paid
        paid = dict(paid)
        for payoff in branch.payoffs:
            value = self.values.value(payoff.value.node)
            at = self.values.value(payoff.at.node)
            name = f"the {payoff.account.outcome} of branch {branch.name}"
            check.finite(value, payoff.value, name, self.where, self.model, self.values)
            ok = (at >= 0) & np.isfinite(at)
            allowed = "It is a finite number, at least 0."
            check.require(ok, at, payoff.at, "the time of a payoff", allowed, self.where, self.model, self.values)
            self.ledger.add_at(payoff.account, mass * value, np.asarray(at))
            outcome = payoff.account.outcome
            paid[outcome] = paid.get(outcome, 0.0) + value
        return paid

    def _arrive(self, entry: Entry, mass: Array) -> None:
        shares = self._shares(list(entry.mix.items()), "start state", entry.place)
        if entry.key not in self.arrivals:
            self.arrivals[entry.key] = Arrival(entry, {})
        arrived = self.arrivals[entry.key].mass
        for state, share in zip(entry.mix, shares, strict=True):
            arrived[state] = arrived.get(state, 0.0) + mass * share


def life_years_account() -> Account:
    """Account under which life-years are booked."""
    return Account("life_years", "total", "all")
