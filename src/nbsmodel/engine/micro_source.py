"""Source of the loop that walks children through a cohort, made for the model's own states.

Children advance in lanes, a cycle at a time for all lanes. Every loop over lanes is short, has a fixed
length and no branches, and reads and writes arrays of its own, so that the compiler makes vector
instructions of it; only table look-ups and slow functions are made lane by lane. Where strategies differ
in nothing that moves a child, children walk once and earn for every strategy.

The text is made from the checked model tree alone: numbers, and names that this module gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbsmodel.engine.micro_names import ARM
from nbsmodel.engine.micro_plan import LanePayoff, WalkPlan
from nbsmodel.engine.micro_text import EACH, LaneText, indented
from nbsmodel.formula.source import is_light
from nbsmodel.formula.tree import Name, Node
from nbsmodel.model.tables import Table

#: Children side by side. Their arrays stay in the first cache.
LANES = 128

#: What the walk is given, and its types: arrays are contiguous, so that one compiled version serves all.
ARGUMENTS = {
    "cycles": "i8", "chunk": "i8", "first_individual": "i8", "first_draw": "i8", "event": "u8", "k0": "u8", "k1": "u8",
    "times": "f8[::1]", "R": "f8[:,:,:,:,::1]", "T": "f8[:,:,:,::1]", "X": "f8[:,:,:,::1]", "W": "f8[::1]",
    "way": "i2[:,:,::1]", "start": "i2[:,:,::1]", "Z": "f8[:,:,:,::1]", "occupied": "i8[:,:,:,:,::1]",
    "moved": "i8[:,:,:,:,::1]", "sums": "f8[:,:,:,::1]", "error": "i8[::1]",
}  # fmt: skip


class WalkSource:
    """Writes the source of one walk.

    Parameters
    ----------
    plan : WalkPlan
    tables : mapping of str to Table
        Tables of the model, for look-ups that depend on the child.
    outcomes : sequence of str
        Of the model, in the order of the totals `Z`.

    Attributes
    ----------
    text : str
        A module with one function ``walk``.
    columns : dict of str to int
        What a row of `R` must hold.
    """

    def __init__(self, plan: WalkPlan, tables: Mapping[str, Table], outcomes: Sequence[str]) -> None:
        self.plan, self.outcomes = plan, list(outcomes)
        self.write = LaneText(plan, tables)
        # the last state holds who is in none of the others
        self.counted = plan.cohort.state_names[:-1]
        body = self._body()
        uses = self.write.uses
        imports = f"from nbsmodel.formula.compiled import {', '.join(sorted(uses))}\n" if uses else ""
        types = ", ".join(ARGUMENTS.values())
        head = _HEAD.format(imports=imports, lanes=LANES, arguments=", ".join(ARGUMENTS), types=types)
        self.text = head + "\n".join(body) + "\n"
        self.columns = self.write.columns.names

    # --- structure ---------------------------------------------------------------------------

    def _body(self) -> list[str]:
        """Loops around the pieces: draws, chunks, strategies and groups, lanes, cycles."""
        began, first, path, earn = self._began(), self._first_row(), self._path(), self._earn()
        load = self.write.columns.load
        every = "for st in range(way.shape[1]):"
        if self.plan.shared_path:
            lanes = [
                "st = 0", *began, *self._count_states("0"),
                every, *indented([*self._views(), "t = -1", *load(first, "R[d, st, g]"), *first], 1),
                "for t in range(cycles):",
                *indented(["st = 0", *load(path, "Rg"), *path], 1),
                *indented([every, *indented([*self._views(), *load(earn, "R[d, st, g]"), *earn], 1), "st = 0"], 1),
                *indented(self._stop(), 1),
                every, *indented([*self._views(), *self._finish()], 1),
            ]  # fmt: skip
            loops = ["st = 0", "for g in range(1):", *indented(_GROUP, 1), *indented(lanes, 2)]
        else:
            both = [*path, *earn]
            lanes = [
                *began, *self._views(), *self._count_states("0"),
                "t = -1", *load(first, "R[d, st, g]"), *first,
                "for t in range(cycles):", *indented([*load(both, "Rg"), *both, *self._stop()], 1), *self._finish(),
            ]  # fmt: skip
            inner = ["for g in range(R.shape[2]):", *indented(_GROUP, 1), *indented(lanes, 2)]
            loops = [every, *indented(inner, 1)]
        return [*indented(self._declare(), 1), *indented(_CHUNKS, 1), *indented(loops, 3)]

    def _declare(self) -> list[str]:
        plan = self.plan
        lines = [f"{name} = np.zeros(LANES, np.int64)" for name in ("s_", "o_", "w_")]
        lines += ["gathered = np.zeros(LANES)", "cycle_length = times[1]"]
        for c in plan.clocks:
            lines += [f"c_{c} = np.zeros(LANES, np.int64)", f"y_{c} = np.zeros(LANES)"]
        exits = max((len(s.exits) for s in plan.states.values()), default=0)
        for name in (
            *(f"n_{c}" for c in plan.counts), *(f"x{j}" for j in range(len(plan.leaves.children))),
            *(f"g{k}" for k in range(len(plan.leaves.tables))), *(f"e{i}" for i in range(len(self._shares()))),
            *(f"j{e}" for e in range(exits)), *(f"v{j}" for j in range(len(plan.payoffs))),
        ):  # fmt: skip
            lines.append(f"{name} = np.zeros(LANES)")
        amounts = len(plan.outcomes) + 2 * len(plan.payoffs)
        return [*lines, f"amounts = np.zeros((way.shape[1], {max(1, amounts)}, LANES))"]

    def _views(self) -> list[str]:
        """What a strategy has earned so far: totals by outcome, then two sums for each payoff."""
        names = [f"z_{o}" for o in self.plan.outcomes]
        for j in range(len(self.plan.payoffs)):
            names += [f"a{j}", f"b{j}"]
        return [f"{name} = amounts[st, {i}]" for i, name in enumerate(names)]

    def _began(self) -> list[str]:
        # a lane without a child is in no state: it goes nowhere and earns nothing
        lines = [EACH, "    s_[l] = start[d, st, i0 + ids[f + l]] if l < m else -1"]
        for j, node in enumerate(self.plan.leaves.children):
            strategy = "st" if ARM in self.plan.axes.of(node) else "0"
            lines += [EACH, f"    x{j}[l] = X[d, {strategy}, {j}, i0 + ids[f + l]]"]
        for c in self.plan.clocks:
            lines += [EACH, f"    c_{c}[l] = 0"]
        counts = {c.name: c for c in self.plan.cohort.counts}
        for name in self.plan.counts:
            began = self.write.inside("s_[l]", counts[name].starting)
            lines += [EACH, f"    n_{name}[l] = 1.0 if {began} else 0.0"]
        return lines

    # --- row 0 -------------------------------------------------------------------------------

    def _first_row(self) -> list[str]:
        """What is earned at the start, and in row 0 by those who are there then."""
        lines: list[str] = []
        for o in self.plan.outcomes:
            here = {s: self._row_total(o, s, True) for s in self.write.number if self._row_total(o, s, True)}
            lines += [EACH, "    s = s_[l]", f"    z_{o}[l] = {self.write.choose('s', here, '0.0')}"]
        for j, payoff in enumerate(self.plan.payoffs):
            lines += [EACH, f"    a{j}[l] = 0.0", f"    b{j}[l] = 0.0"]
            if payoff.states:
                lines += self._in_state(j, payoff, "t + 1", payoff.value, "left")
            if payoff.starting:
                lines += self._in_state(j, payoff, "t + 1", payoff.value, "start")
        return lines

    def _row_total(self, outcome: str, state: str, start: bool = False) -> str:
        column = self.write.columns
        parts = [column(f"z__{outcome}__{state}", "t + 1")] if (outcome, state) in self.plan.by_row else []
        if start and (outcome, state) in self.plan.at_start:
            parts.append(column(f"start__{outcome}__{state}", "t + 1"))
        return " + ".join(parts)

    def _count_states(self, row: str) -> list[str]:
        lines = [*(f"k_{i} = 0" for i in range(len(self.counted))), EACH, "    s = s_[l]"]
        lines += [f"    k_{i} += s == {self.write.number[s]}" for i, s in enumerate(self.counted)]
        return [*lines, *(f"occupied[d, st, g, {row}, {i}] += k_{i}" for i in range(len(self.counted)))]

    # --- a cycle: the move -------------------------------------------------------------------

    def _shares(self) -> list[Node]:
        """Shares that are worked out in the loop, each once."""
        found = [e.share for s in self.plan.states.values() for e in s.exits]
        return [share for share in dict.fromkeys(found) if not isinstance(share, Name)]

    def _path(self) -> list[str]:
        """Who moves where; what payoffs on moves are worth is worked out before the clocks go on."""
        plan, write = self.plan, self.write
        joined = self._joined_tables()
        shares = self._shares()
        singles = [
            e.share for n, s in plan.states.items() for i, e in enumerate(s.exits) if (n, i) not in joined
        ]  # fmt: skip
        lines = [*_LUCK, *write.prepare(singles, "t")]
        for exit_number in sorted({i for _, i in joined}):
            bases = {n: base for (n, i), base in joined.items() if i == exit_number}
            lines += [EACH, "    s = s_[l]", f"    w_[l] = {write.choose('s', bases, '0')}"]
            lines += [EACH, f"    j{exit_number}[l] = T_[np.uint64(w_[l])]"]
        together: dict[tuple[str, ...], dict[str, Node]] = {}
        for i, share in enumerate(shares):
            states = tuple(n for n, s in plan.states.items() if any(e.share == share for e in s.exits))
            together.setdefault(states, {})[f"e{i}"] = share
        for j, payoff in enumerate(plan.payoffs):
            if payoff.edges:
                lines += write.prepare([payoff.value], "t")
                origins = tuple(dict.fromkeys(o for o, _ in payoff.edges))
                together.setdefault(origins, {})[f"v{j}"] = payoff.value
        for states, values in together.items():
            lines += write.occupied(states, write.lane_values(values, "t", states))
        reached = {share: f"e{i}[l]" for i, share in enumerate(shares)}
        return [*lines, *self._move(reached, joined)]

    def _joined_tables(self) -> dict[tuple[str, int], str]:
        """Shares of several states that are looked up together: position by state and number of the exit."""
        found: dict[tuple[str, int], str] = {}
        most = max((len(s.exits) for s in self.plan.states.values()), default=0)
        for e in range(most):
            here: dict[tuple[str, int], str] = {}
            for name, state in self.plan.states.items():
                share = state.exits[e].share if len(state.exits) > e else None
                if isinstance(share, Name) and share.id.startswith("table_"):
                    k = int(share.id.removeprefix("table_"))
                    clock = self.plan.leaves.tables[k].clock
                    here[name, e] = f"({self.write.table_base(k, 't')} + c_{clock}[l])"
            if len(here) > 1:
                found |= here
        return found

    def _move(self, reached: Mapping[Node, str], joined: Mapping[tuple[str, int], str]) -> list[str]:
        plan, write = self.plan, self.write
        lines = ["s = s_[l]", "u = u_[l]"]
        most = max((len(s.exits) for s in plan.states.values()), default=0)
        for e in range(most):
            here = {n: s for n, s in plan.states.items() if len(s.exits) > e}
            value = {
                n: f"j{e}[l]" if (n, e) in joined
                else reached.get(s.exits[e].share) or write.expression(s.exits[e].share, "t")
                for n, s in here.items()
            }  # fmt: skip
            before = f"r{e - 1} + " if e else ""
            lines.append(f"r{e} = {before}{write.choose('s', value, '-2.0')}")
        if any(s.by_lane for s in plan.states.values()):  # what is no number makes no number of all that follows
            lines.append(f"wrong += r{most - 1} != r{most - 1}")
        stays = {n: str(write.number[s.otherwise]) for n, s in plan.states.items() if s.otherwise != n}
        lines.append(f"n = {write.choose('s', stays, 's')}")
        for e in reversed(range(most)):
            to = {n: str(write.number[s.exits[e].target]) for n, s in plan.states.items() if len(s.exits) > e}
            lines.append(f"n = {write.choose('s', to, 's')} if u < r{e} else n")
        lines += ["o_[l] = s"] if self._looks_back() else []
        lines += ["s_[l] = n", *self._clock_updates()]
        lines += [f"k_{i} += n == {write.number[s]}" for i, s in enumerate(self.counted)]
        lines += [f"h_{i} += {write.edge(edge)}" for i, edge in enumerate(plan.edges)]
        zero = ["wrong = 0", *(f"k_{i} = 0" for i in range(len(self.counted)))]
        zero += [f"h_{i} = 0" for i in range(len(plan.edges))]
        after = ["if wrong > 0:", *indented(_FAIL, 1)]
        after += [f"occupied[d, st, g, t + 1, {i}] += k_{i}" for i in range(len(self.counted))]
        after += [f"moved[d, st, g, t, {i}] += h_{i}" for i in range(len(plan.edges))]
        return [*zero, EACH, *indented(lines, 1), *after]

    def _looks_back(self) -> bool:
        """Whether what is earned in a cycle depends on where a child was before."""
        return bool(self.plan.by_move) or any(payoff.edges for payoff in self.plan.payoffs)

    def _clock_updates(self) -> list[str]:
        sets = {c.name: c.runs_in for c in self.plan.cohort.clocks}
        lines = []
        for c in self.plan.clocks:
            runs = f"{self.write.inside('n', sets[c])} & {self.write.inside('s', sets[c])}" if c in sets else "(n == s)"
            lines.append(f"c_{c}[l] = c_{c}[l] + 1 if {runs} else 0")
        counts = {c.name: c for c in self.plan.cohort.counts}
        for name in self.plan.counts:
            moves = " | ".join(self.write.edge(edge) for edge in sorted(counts[name].moves))
            if moves:
                lines.append(f"n_{name}[l] += 1.0 if {moves} else 0.0")
        return lines

    # --- a cycle: what it earns --------------------------------------------------------------

    def _earn(self) -> list[str]:
        plan, write = self.plan, self.write
        lines: list[str] = []
        for o in plan.outcomes:
            here = {s: self._row_total(o, s) for s in write.number if self._row_total(o, s)}
            lines += [f"z_{o}[l] += {write.choose('n', here, '0.0')}"] if here else []
            for outcome, (a, b) in plan.by_move:
                if outcome == o:
                    value = write.columns(f"move__{o}__{a}__{b}", "t")
                    lines.append(f"z_{o}[l] += {value} if {write.edge((a, b))} else 0.0")
        for j, payoff in enumerate(plan.payoffs):
            if payoff.edges:
                here_ = " | ".join(write.edge(edge) for edge in payoff.edges)
                lines += self._add(j, payoff, f"v{j}[l]", f"({here_})", "move")
        back = ["    s = o_[l]"] if self._looks_back() else []
        text = [EACH, *back, "    n = s_[l]", *indented(lines, 1)] if lines else []
        for j, payoff in enumerate(plan.payoffs):
            if payoff.states:
                text += self._in_state(j, payoff, "t + 1", payoff.value, "left")
                if payoff.by_calendar:
                    text += self._in_state(j, payoff, "t", payoff.ending, "right")
        return text

    def _in_state(self, j: int, payoff: LanePayoff, row: str, node: Node, side: str) -> list[str]:
        """A payoff of those who are in some states after the move, or at the start."""
        states = payoff.states or payoff.starting
        lines, value = self.write.prepare([node], "t + 1"), f"v{j}[l]"
        if is_light(node):
            value = self.write.expression(node, row)
        else:
            lines += self.write.lane_values({f"v{j}": node}, row, states)
        where = self.write.inside("s", states)
        lines += [EACH, "    s = s_[l]", *indented(self._add(j, payoff, value, where, side), 1)]
        lines = self.write.occupied(states, lines)
        if side == "start":
            return lines
        # a row that does not count may have no value, such as the last one where a table ends
        return [f"if {self.write.columns(f'{side}_plain_{j}', 't + 1')} != 0.0:", *indented(lines, 1)]

    def _add(self, j: int, payoff: LanePayoff, value: str, where: str, side: str) -> list[str]:
        at = "t" if side == "move" else "t + 1"
        paid, plain = (self.write.columns(f"{side}_{kind}_{j}", at) for kind in ("paid", "plain"))
        lines = [f"w = {value} if {where} else 0.0"]
        if payoff.headline:
            lines.append(f"z_{payoff.account.outcome}[l] += w * {paid}")
        return [*lines, f"a{j}[l] += w * {paid}", f"b{j}[l] += w * {plain}"]

    # --- the end -----------------------------------------------------------------------------

    def _stop(self) -> list[str]:
        """Stop when all are dead, if nothing is earned after death."""
        plan = self.plan
        dead = {s.name for s in plan.cohort.states if s.dead}
        if any(state in dead for _, state in plan.by_row) or any(set(p.states) & dead for p in plan.payoffs):
            return []
        last = plan.cohort.state_names[-1]
        if last not in dead or any(n in plan.states for n in dead):
            return []
        living = " + ".join(f"k_{i}" for i, s in enumerate(self.counted) if s not in dead)
        lines = [f"if {living or '0'} == 0:"]
        for i in range(len(self.counted)):
            lines += ["    for row in range(t + 2, cycles + 1):", f"        occupied[d, st, g, row, {i}] += k_{i}"]
        return [*lines, "    break"]

    def _finish(self) -> list[str]:
        plan = self.plan
        lines: list[str] = []
        for o in plan.outcomes:
            lines += ["for l in range(m):", f"    Z[d, st, {self.outcomes.index(o)}, i0 + ids[f + l]] = z_{o}[l]"]
        for j in range(len(plan.payoffs)):
            lines += [EACH, f"    sums[d, k, st, {2 * j}] += a{j}[l]", f"    sums[d, k, st, {2 * j + 1}] += b{j}[l]"]
        if plan.payoffs:
            lines += ["wrong = 0", EACH]
            lines += [f"    wrong += not math.isfinite(a{j}[l] + b{j}[l])" for j in range(len(plan.payoffs))]
            lines += ["if wrong > 0:", *indented(_FAIL, 1)]
        return lines


_HEAD = '''"""Generated by nbsmodel from a model file; safe to delete."""
import math

import numpy as np
from numba import njit

from nbsmodel.numerics.philox import fill_cycles
{imports}
LANES = {lanes}


@njit("void({types})", error_model="numpy", nogil=True, cache=True)
def walk({arguments}):
'''

_CHUNKS = """
U = np.zeros((cycles + 2, chunk))
ids = np.zeros(chunk + LANES, np.int64)
for d in range(way.shape[0]):
    for k in range((way.shape[2] + chunk - 1) // chunk):
        i0 = k * chunk
        children = min(chunk, way.shape[2] - i0)
        fill_cycles(U, cycles, children, first_individual + i0, first_draw + d, event, k0, k1)
""".strip().split("\n")

_GROUP = """
count = 0
for i in range(children):
    if way[d, st, i0 + i] == g:
        ids[count] = i
        count += 1
straight = count == children
ids[count : count + LANES] = 0
Rg = R[d, st, g]
T_ = T[d, min(st, T.shape[1] - 1), min(g, T.shape[2] - 1)]
for f in range(0, count, LANES):
    m = min(LANES, count - f)
""".strip().split("\n")

_LUCK = f"""
u_ = U[t, f : f + LANES] if straight else gathered
if not straight:
    {EACH}
        gathered[l] = U[t, ids[f + l]]
""".strip().split("\n")

_FAIL = """
error[0] = 1
error[1] = d
error[2] = st
error[3] = i0 + ids[f]
error[4] = i0 + ids[f + m - 1]
return
""".strip().split("\n")
