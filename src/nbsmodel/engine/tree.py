"""The decision tree: path probabilities, payoffs on branches, and who enters which cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nbsmodel.engine import check
from nbsmodel.engine.check import SUM_TOLERANCE, Where
from nbsmodel.engine.ledger import Ledger
from nbsmodel.engine.values import Values
from nbsmodel.errors import Problems
from nbsmodel.model.parts import Branch, BranchPayoff, Entry, Formula, Model

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
        Undiscounted sum of the branch payoffs on the way that belong to the headline, by outcome.
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
        self.problems = Problems()

    def run(self) -> None:
        """Walk the tree; results are in ``leaves`` and ``arrivals``.

        Raises
        ------
        InputError
            With the impossible values of all branches.
        """
        everyone = np.ones(self.ledger.shape)
        self._node(self.model.tree, everyone, (), {})
        self.problems.raise_if_any()

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
        before = len(self.problems.items)
        for name, formula in parts:
            if formula is None:
                shares.append(None)
                continue
            share: Array = 0.0
            with self.problems.gather():
                share = self.values.value(formula.node)
                words = f"the probability of {what} {name}"
                check.probability(share, formula, words, self.where, self.model, self.values)
                total = total + share
            shares.append(share)
        has_rest = any(s is None for s in shares)
        ok = total <= 1 + SUM_TOLERANCE if has_rest else np.abs(total - 1) <= SUM_TOLERANCE
        if not np.all(ok) and len(self.problems.items) == before:
            self._report_sum(parts, total, ok, has_rest, place)
        rest = np.maximum(1.0 - total, 0.0)
        return [rest if s is None else np.clip(s, 0.0, 1.0) for s in shares]

    def _report_sum(self, parts: list[Any], total: Array, ok: Array, has_rest: bool, place: str) -> None:
        bad = ~np.asarray(ok)
        shown = float(np.broadcast_to(total, np.shape(bad))[bad].ravel()[0]) if np.ndim(bad) else float(total)
        names = ", ".join(name for name, _ in parts)
        found = f"the probabilities of {names} add up to {shown:.12g}{self.where.words(bad)}."
        fix = "They may add up to 1 at most." if has_rest else "They must add up to 1; give one of them `rest`."
        self.problems.add(place, found, fix)

    def _pay(self, branch: Branch, mass: Array, paid: dict[str, Array]) -> dict[str, Array]:
        if not branch.payoffs:
            return paid
        paid = dict(paid)
        for payoff in branch.payoffs:
            with self.problems.gather():
                self._book(branch, payoff, mass, paid)
        return paid

    def _book(self, branch: Branch, payoff: BranchPayoff, mass: Array, paid: dict[str, Array]) -> None:
        value = self.values.value(payoff.value.node)
        at = self.values.value(payoff.at.node)
        name = f"the {payoff.account.outcome} of branch {branch.name}"
        check.finite(value, payoff.value, name, self.where, self.model, self.values)
        ok = (at >= 0) & np.isfinite(at)
        allowed = "It is a finite number, at least 0."
        check.require(ok, at, payoff.at, "the time of a payoff", allowed, self.where, self.model, self.values)
        self.ledger.add_at(payoff.account, mass * value, np.asarray(at))
        if payoff.account.perspective in self.ledger.settings.perspectives:
            outcome = payoff.account.outcome
            paid[outcome] = paid.get(outcome, 0.0) + value

    def _arrive(self, entry: Entry, mass: Array) -> None:
        shares = self._shares(list(entry.mix.items()), "start state", entry.place)
        if entry.key not in self.arrivals:
            self.arrivals[entry.key] = Arrival(entry, {})
        arrived = self.arrivals[entry.key].mass
        for state, share in zip(entry.mix, shares, strict=True):
            arrived[state] = arrived.get(state, 0.0) + mass * share
