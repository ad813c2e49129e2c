"""The obvious way to evaluate a model: one draw and one strategy at a time, dictionaries and loops.

Shares no code with the engine beyond the loaded model. Everybody is carried by state and by the row
at which each clock started, in every state, whether a formula needs it or not; every leaf runs its
cohort alone; every payoff is valued at every row.
"""

import math
from collections import defaultdict
from fractions import Fraction

from nbsmodel.formula.tree import Binary, Call, Choose, Name, Number, Unary

BINARY = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "<": lambda a, b: float(a < b),
    "<=": lambda a, b: float(a <= b),
    ">": lambda a, b: float(a > b),
    ">=": lambda a, b: float(a >= b),
    "and": lambda a, b: float(bool(a) and bool(b)),
    "or": lambda a, b: float(bool(a) or bool(b)),
}
FUNCTIONS = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "min": min,
    "max": max,
    "clip": lambda x, low, high: min(max(x, low), high),
    "rate_to_prob": lambda rate, time: -math.expm1(-rate * time),
    "prob_to_rate": lambda p, time: -math.log1p(-p) / time,
    "prob_rescale": lambda p, old, new: 1 - (1 - p) ** (new / old),
    "apply_hr": lambda p, hr: 1 - (1 - p) ** hr,
    "apply_or": lambda p, ratio: ratio * p / (1 - p + ratio * p),
    "weibull_survival": lambda t, shape, scale: math.exp(-((t / scale) ** shape)),
    "weibull_hazard": lambda t, shape, scale: shape / scale * (t / scale) ** (shape - 1),
    "weibull_prob": lambda t, dt, shape, scale: -math.expm1((t / scale) ** shape - ((t + dt) / scale) ** shape),
    "gompertz_hazard": lambda t, shape, rate: rate * math.exp(shape * t),
}


class Twin:
    """One strategy and one draw of a model.

    Parameters
    ----------
    model : Model
    settings : dict
        As written in a config: rates or schedules, timing and correction, by outcome or for all.
    strategy : Strategy
    parameters : dict of str to float
        Values that replace the base values.

    Attributes
    ----------
    totals, sizes : dict of (outcome, component, perspective, discounted) to float
        Sum of the amounts, and of their absolute values.
    traces : dict of (cohort, row, state) to float
    leaves : list of (path, probability)
    """

    def __init__(self, model, settings, strategy, parameters=None):
        self.model, self.settings = model, settings
        self.names = {name: row.value for name, row in model.parameters.rows.items()}
        self.names |= {k: float(v) for k, v in (parameters or {}).items()}
        self.names |= model.option_codes
        self.names |= {c.name: model.option_codes[c.options[0]] for c in model.choices.values()}
        self.names |= strategy.levers
        self.totals, self.sizes = defaultdict(float), defaultdict(float)
        self.traces = defaultdict(float)
        self.leaves = []
        self.branches(model.tree, 1.0, ())

    def amount(self, account, amount, factor):
        for discounted in (False, True):
            key = (account.outcome, account.component, account.perspective, discounted)
            booked = amount * factor if discounted else amount
            self.totals[key] += booked
            self.sizes[key] += abs(booked)

    # --- formulas ------------------------------------------------------------------------------

    def value(self, node, names):
        match node:
            case Number(value):
                return value
            case Name(name):
                if name in names:
                    return names[name]
                return self.value(self.model.derived[name].formula.node, names)
            case Unary("-", operand):
                return -self.value(operand, names)
            case Unary(_, operand):
                return float(not self.value(operand, names))
            case Binary(op, left, right):
                return BINARY[op](self.value(left, names), self.value(right, names))
            case Choose(condition, yes, no):
                return self.value(yes if self.value(condition, names) else no, names)
            case Call(function, args, column):
                given = [self.value(a, names) for a in args]
                if function in self.model.tables:
                    return look_up(self.model.tables[function], given[0], column)
                return FUNCTIONS[function](*given)
        raise AssertionError(node)

    def shares(self, parts, names):
        given = {name: self.value(f.node, names) for name, f in parts if f is not None}
        return {name: given.get(name, 1 - sum(given.values())) for name, _ in parts}

    # --- discounting and counting --------------------------------------------------------------

    def discount(self, outcome, time):
        kind = self.model.outcomes[outcome].discounted_as
        if kind == "none":
            return 1.0
        steps = self.settings[f"discount_rate_{kind}"]
        if not isinstance(steps, list):
            steps = [{"from_year": 0, "rate": steps}]
        factor = 1.0
        for step, following in zip(steps, [*steps[1:], {"from_year": math.inf}], strict=True):
            years = min(time, following["from_year"]) - step["from_year"]
            if years > 0:
                factor /= (1 + step["rate"]) ** years
        return factor

    def setting(self, key, outcome):
        given = self.settings[key]
        return given.get(outcome, given["default"]) if isinstance(given, dict) else given

    def instant(self, outcome, start, length):
        """When something that begins at a time and takes a length is discounted."""
        match self.setting("discount_timing", outcome):
            case "start":
                return start
            case "mid":
                return start + length / 2
            case "end":
                return start + length
            case "year_step":
                return math.floor(start + 1e-9)

    def cycle_factor(self, outcome, grid, k):
        return self.discount(outcome, self.instant(outcome, grid.at[k], grid.length(k)))

    def counted(self, outcome, f, per_cycle, grid):
        """Amounts of a payoff, given what those at a row earn a year (or cycle) at a cycle's prices.

        Yields (amount, discount factor).
        """
        n = grid.n
        size = [1.0 if per_cycle else grid.length(k) for k in range(n)]
        rule = self.setting("within_cycle_correction", outcome)
        if rule in ("half_cycle", "simpson", "darth_simpson"):
            for r, w in enumerate(row_rule(rule, size)):
                yield w * f(r, r), self.cycle_factor(outcome, grid, r)
            return
        if rule == "every_point":
            yield size[0] * f(0, 0), self.discount(outcome, grid.at[0])
        for k in range(n):
            first, last = f(k, k), f(k + 1, k)
            counted = {"start": first, "end": last, "every_point": last, "life_table": (first + last) / 2}
            yield size[k] * counted[rule], self.cycle_factor(outcome, grid, k)

    def event(self, account, amount, grid, k):
        if self.setting("within_cycle_correction", account.outcome) == "darth_simpson":
            amount *= row_rule("darth_simpson", [1.0] * grid.n)[k + 1]
            self.amount(account, amount, self.cycle_factor(account.outcome, grid, k + 1))
        else:
            self.amount(account, amount, self.cycle_factor(account.outcome, grid, k))

    # --- tree ----------------------------------------------------------------------------------

    def branches(self, branches, mass, path):
        shares = self.shares([(b.name, b.p) for b in branches], self.names)
        for branch in branches:
            here = mass * shares[branch.name]
            for payoff in branch.payoffs:
                at = self.value(payoff.at.node, self.names)
                amount = here * self.value(payoff.value.node, self.names)
                self.amount(payoff.account, amount, self.discount(payoff.account.outcome, at))
            if branch.branches:
                self.branches(branch.branches, here, (*path, branch.name))
                continue
            self.leaves.append(((*path, branch.name), here))
            if branch.entry is not None:
                self.cohort(branch.entry, here)

    # --- cohort --------------------------------------------------------------------------------

    def cohort(self, entry, mass):
        cohort = self.model.cohorts[entry.cohort]
        grid = Grid(cohort, self.value(entry.delay.node, self.names))
        received = {n: self.value(f.node, self.names) for n, f in entry.hands_over.items()}
        start_age = self.value(cohort.start_age.node, self.names)
        clocks = [c.runs_in for c in cohort.clocks]

        def names_at(calendar, row, people):
            """Names for those in a state: prices of one cycle, clocks of a row."""
            state, entered = people
            running = {"time_in_state": grid.since(row, entered[0])}
            for clock, since in zip(cohort.clocks, entered[1:], strict=True):
                running[clock.name] = 0.0 if since is None else grid.since(row, since)
            time = grid.at[calendar]
            now = {"time": time, "age": time + start_age, "cycle": float(calendar), "dt": grid.length(calendar)}
            return self.names | received | now | running

        people = defaultdict(float)
        for state, share in self.shares(list(entry.mix.items()), self.names).items():
            people[state, (0, *(0 if state in set_ else None for set_ in clocks))] += mass * share
        history = [people]
        for payoff in cohort.start_payoffs:
            for who, there in people.items():
                if who[0] == payoff.state:
                    value = self.value(payoff.value.node, names_at(0, 0, who))
                    self.amount(payoff.account, there * value, self.discount(payoff.account.outcome, grid.at[0]))
        for k in range(grid.n):
            following = defaultdict(float)
            for who, there in history[k].items():
                state, entered = who
                names = names_at(k, k, who)
                for target, share, staying in self.moves(cohort, state, names, grid.length(k)):
                    if staying:
                        following[who] += there * share
                        continue
                    for payoff in cohort.move_payoffs:
                        if (payoff.origin, payoff.target) == (state, target):
                            value = self.value(payoff.value.node, names)
                            self.event(payoff.account, there * share * value, grid, k)
                    runs = [
                        None if target not in set_ else since if state in set_ else k + 1
                        for set_, since in zip(clocks, entered[1:], strict=True)
                    ]
                    following[target, (k + 1, *runs)] += there * share
            history.append(following)
        for row, people in enumerate(history):
            for (state, _), there in people.items():
                self.traces[cohort.name, row, state] += there
        self.state_payoffs(cohort, history, names_at, grid)

    def moves(self, cohort, state, names, dt):
        """Everybody's way over a cycle: (target, share, whether that is staying)."""
        row = cohort.transitions.get(state, ())
        rates = [(t.to, self.value(t.formula.node, names) / float(t.per)) for t in row if t.kind == "hazard"]
        all_rates = sum(rate for _, rate in rates)
        moved = -math.expm1(-all_rates * dt)
        found = [(to, moved * rate / all_rates, False) for to, rate in rates if rate > 0]
        remain = math.exp(-all_rates * dt)
        named, rest = 0.0, state
        for t in row:
            if t.kind != "probability":
                continue
            if t.formula is None:
                rest = t.to
                continue
            q = self.value(t.formula.node, names)
            if t.per is not None:
                q = 1 - (1 - q) ** (dt / float(t.per))
            named += q
            found.append((t.to, remain * q, t.to == state))
        found.append((rest, remain * max(0.0, 1 - named), rest == state))
        over = [t.to for t in row if t.kind == "tunnel" and self.value(t.formula.node, names)]
        return [(over[0], share, False) if staying and over else (to, share, staying) for to, share, staying in found]

    def state_payoffs(self, cohort, history, names_at, grid):
        paid = [(p.account.outcome, p.account, p.state, p.value.node, p.per) for p in cohort.state_payoffs]
        alive = [s.name for s in cohort.states if not s.dead]
        paid += [("life_years", LifeYears, s, Number(1.0), Fraction(1)) for s in alive]
        for outcome, account, state, node, per in paid:

            def earned(row, calendar, state=state, node=node, per=per):
                """What those in the state at a row earn a year, at the prices of a cycle."""
                return sum(
                    there * self.value(node, names_at(calendar, row, who)) / float(per or 1)
                    for who, there in history[row].items()
                    if who[0] == state
                )

            for amount, factor in self.counted(outcome, earned, per is None, grid):
                self.amount(account, amount, factor)


class LifeYears:
    """Account of the life-years, which count themselves."""

    outcome, component, perspective = "life_years", "total", "all"


class Grid:
    """Rows of a cohort's trace; ``at`` is years since the start of the tree."""

    def __init__(self, cohort, delay):
        lengths = [s.length for s in cohort.stretches for _ in range(s.count)]
        self.n = len(lengths)
        self.lengths = [float(x) for x in [*lengths, lengths[-1]]]
        self.since_entry = [float(sum(lengths[:k], Fraction(0))) for k in range(self.n + 1)]
        self.at = [t + delay for t in self.since_entry]

    def length(self, k):
        return self.lengths[k]

    def since(self, row, entered):
        return self.since_entry[row] - self.since_entry[entered]


def row_rule(rule, size):
    """Weight of every row, for rules that value rows."""
    n = len(size)
    weights = [0.0] * (n + 1)
    if rule == "half_cycle":
        for k in range(n):
            weights[k] += size[k] / 2
            weights[k + 1] += size[k] / 2
    elif rule == "simpson":
        for k in range(0, n, 2):
            for row, third in ((k, 1), (k + 1, 4), (k + 2, 1)):
                weights[row] += size[k] * third / 3
    else:  # as printed: 1/3, 2/3, 4/3, 2/3, ..., 1/3
        for row in range(n + 1):
            weights[row] = size[0] * (1 if row in (0, n) else 2 if row % 2 else 4) / 3
    return weights


def look_up(table, key, column):
    """Last row at or below the key, or the straight line between rows; the last value beyond the last row."""
    values = table.columns[column] if column else next(iter(table.columns.values()))
    if not table.linear:
        return float(values[max(i for i, k in enumerate(table.keys) if k <= key + 1e-9)])
    for i in range(len(table.keys) - 1):
        if key <= table.keys[i + 1]:
            share = (key - table.keys[i]) / (table.keys[i + 1] - table.keys[i])
            return float(values[i] + share * (values[i + 1] - values[i]))
    return float(values[-1])
