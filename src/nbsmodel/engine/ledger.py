"""Where payoffs are booked while a model runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbsmodel.config.settings import Settings
from nbsmodel.model.parts import Account, Model
from nbsmodel.numerics.discounting import discount_factor

Array = Any


class Ledger:
    """Sums by account, discounted and undiscounted, each (strategy, draw).

    Parameters
    ----------
    model : Model
    settings : Settings
    strategies, draws : int
        Size of the block.
    """

    def __init__(self, model: Model, settings: Settings, strategies: int, draws: int) -> None:
        self.model, self.settings = model, settings
        self.shape = (strategies, draws)
        self.sums: dict[tuple[Account, bool], Array] = {}

    def add(self, account: Account, discounted: bool, amount: Array) -> None:
        """Book an amount (broadcasts to (strategy, draw))."""
        key = (account, discounted)
        if key not in self.sums:
            self.sums[key] = np.zeros(self.shape)
        self.sums[key] += amount

    def add_at(self, account: Account, amount: Array, time: Array) -> None:
        """Book a single amount at a time, both ways."""
        self.add(account, False, amount)
        self.add(account, True, amount * self.factor(account, True, time))

    def factor(self, account: Account, discounted: bool, time: Array) -> Array:
        """Discount factor of an account at a time."""
        if not discounted:
            return np.ones(np.shape(time))
        return discount_factor(time, self.settings.schedule(self.model.outcomes[account.outcome].discounted_as))
