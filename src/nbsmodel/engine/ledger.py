"""Where payoffs are booked while a model runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbsmodel.config.settings import Settings
from nbsmodel.model.parts import Account, Model
from nbsmodel.numerics.discounting import discount_factor
from nbsmodel.numerics.windows import Window, holds

Array = Any

#: How amounts are added up: undiscounted, discounted, or what falls into a window of time (undiscounted).
View = bool | Window
BOTH = (False, True)


class Ledger:
    """Sums by account and view, each (strategy, draw).

    Parameters
    ----------
    model : Model
    settings : Settings
    strategies, draws : int
        Size of the block.
    windows : tuple of Window
        Windows of time that are wanted beside the discounted and undiscounted sums.
    """

    def __init__(
        self, model: Model, settings: Settings, strategies: int, draws: int, windows: tuple[Window, ...] = ()
    ) -> None:
        self.model, self.settings = model, settings
        self.shape = (strategies, draws)
        self.views: tuple[View, ...] = (*BOTH, *windows)
        self.sums: dict[tuple[Account, View], Array] = {}

    def add(self, account: Account, view: View, amount: Array) -> None:
        """Book an amount (broadcasts to (strategy, draw))."""
        key = (account, view)
        if key not in self.sums:
            self.sums[key] = np.zeros(self.shape)
        self.sums[key] += amount

    def add_at(self, account: Account, amount: Array, time: Array) -> None:
        """Book a single amount at a time, in every view."""
        self.add(account, False, amount)
        for view in self.views[1:]:
            self.add(account, view, amount * self.factor(account, view, time))

    def factor(self, account: Account, view: View, time: Array) -> Array:
        """With what an amount of an account at an instant counts in a view: its discount factor, 1, or 1 and 0."""
        if isinstance(view, Window):
            return holds(view, time)
        if not view:
            return np.ones(np.shape(time))
        return discount_factor(time, self.settings.schedule(self.model.outcomes[account.outcome].discounted_as))
