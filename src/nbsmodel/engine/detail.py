"""Amounts by state and row of the trace: what the headline is the sum of."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbsmodel.engine.ledger import View
from nbsmodel.model.parts import Account

Array = Any


class Detail:
    """Every amount of a cohort by outcome, row and state (base values only).

    Parameters
    ----------
    rows, states, strategies : int
    perspectives : tuple of str
        Payoffs of other perspectives are left out, as in the headline.
    """

    def __init__(self, rows: int, states: int, strategies: int, perspectives: tuple[str, ...]) -> None:
        self.shape = (rows, states, strategies)
        self.perspectives = perspectives
        self.amounts: dict[tuple[str, View], Array] = {}

    def add(self, account: Account, view: View, row: int, state: int, amount: Array) -> None:
        """Note an amount (strategy, 1)."""
        if account.perspective not in self.perspectives:
            return
        key = (account.outcome, view)
        if key not in self.amounts:
            self.amounts[key] = np.zeros(self.shape)
        self.amounts[key][row, state] += np.broadcast_to(amount, (self.shape[2], 1))[:, 0]
