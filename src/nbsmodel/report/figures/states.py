"""Figures: the states of each cohort and the transitions between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from nbsmodel.model.parts import Cohort, Transition
from nbsmodel.report.figures.fit import Box, Ruler, in_box, inside, line_height, overlap
from nbsmodel.report.figures.style import DEAD, FAINT, INK, NORMAL, PALETTE, SMALL, WIDTH, Sketch, new_figure, paper
from nbsmodel.report.figures.words import listing

LONGEST_LABEL = 24
WIDEST_BOX = 1.25
BENDS_ALONE = (0.0, 0.12, -0.12, 0.22, -0.22, 0.32, -0.32)
BENDS_BOTH_WAYS = (0.14, 0.2, 0.26, 0.1, 0.34, 0.42)
LEAST_APART = 0.19
Point = tuple[float, float]


@dataclass
class _Node:
    centre: Point
    lines: list[str]
    dead: bool
    half: Point
    shape: Any = None

    @property
    def box(self) -> Box:
        (x, y), (w, h) = self.centre, self.half
        return x - w, y - h, x + w, y + h


@dataclass
class _Arrow:
    origin: str
    target: str
    text: str
    hazard: bool
    bend: float
    curve: Any


def draw_states(cohort: Cohort) -> Sketch:
    """Boxes on an ellipse, the first dead state at its foot, and an arrow a transition."""
    ruler = Ruler(new_figure(1, 1))
    n = len(cohort.states)
    width, height = WIDTH, {1: 1.0, 2: 1.6, 3: 2.4}.get(n, min(3.2 + 0.32 * (n - 4), 7.0))
    nodes = _nodes(cohort, ruler, width, height)
    figure, axes = paper(width, height)
    for node in nodes.values():
        _draw_node(axes, node)
    arrows = _arrows(cohort, nodes)
    for arrow in arrows:
        dead = nodes[arrow.target].dead
        axes.add_patch(FancyArrowPatch(
            nodes[arrow.origin].centre, nodes[arrow.target].centre, connectionstyle=f"arc3,rad={arrow.bend}",
            patchA=nodes[arrow.origin].shape, patchB=nodes[arrow.target].shape, shrinkA=1.5, shrinkB=1.5,
            arrowstyle="-|>", mutation_scale=9, linewidth=0.9, color=FAINT if dead else PALETTE[0],
            linestyle="--" if dead else "-", zorder=2,
        ))  # fmt: skip
    labelled = _label(axes, arrows, nodes, ruler, (0.03, 0.03, width - 0.03, height - 0.03))
    caption = (
        f"States of {cohort.label}. Arrows: transitions (dashed to a dead state, shaded); staying is not drawn. "
        "Formulas of hazards are upright, those of probabilities in italics"
    )
    caption += (
        "." if labelled == len(arrows) else "; those too long or in the way are left out and stand in the model file."
    )
    return Sketch(figure, f"States: {cohort.label}", caption, _alt(cohort))


def _nodes(cohort: Cohort, ruler: Ruler, width: float, height: float) -> dict[str, _Node]:
    states, n = cohort.states, len(cohort.states)
    first_dead = next((i for i, s in enumerate(states) if s.dead), n - 1)
    turns = [2 * math.pi * (i - first_dead) / n for i in range(n)]
    if n == 2:
        turns = [math.pi / 2, -math.pi / 2]
    across, up = width / 2 - 0.2 - WIDEST_BOX / 2, height / 2 - 0.33
    x = _fill([-math.sin(t) for t in turns], width / 2, across * (0.6 if n < 4 else 1))  # clockwise from the foot
    y = _fill([-math.cos(t) for t in turns], height / 2, up)
    nodes = {}
    for i, state in enumerate(states):
        lines = ruler.balanced(state.label, NORMAL, WIDEST_BOX)
        widest = max(0.5, *(ruler.width(t, NORMAL) for t in lines))
        half = (widest / 2 + 0.09, len(lines) * line_height(NORMAL) / 2 + 0.08)
        nodes[state.name] = _Node((x[i], y[i]), lines, state.dead, half)
    return nodes


def _fill(places: list[float], middle: float, half: float) -> list[float]:
    """Places stretched to the whole of a range."""
    low, high = min(places), max(places)
    if high - low < 1e-9:
        return [middle] * len(places)
    return [middle + half * (2 * (p - low) / (high - low) - 1) for p in places]


def _draw_node(axes: Any, node: _Node) -> None:
    (x, y), (w, h) = node.centre, node.half
    node.shape = FancyBboxPatch((x - w, y - h), 2 * w, 2 * h, boxstyle="round,pad=0,rounding_size=0.09", zorder=3,
                                facecolor=DEAD if node.dead else "white", edgecolor=INK, linewidth=1.0)  # fmt: skip
    axes.add_patch(node.shape)
    axes.text(x, y, "\n".join(node.lines), ha="center", va="center", fontsize=NORMAL, zorder=4, linespacing=1.08)


def _arrows(cohort: Cohort, nodes: dict[str, _Node]) -> list[_Arrow]:
    """Every transition to another state, bent so that it crosses as few boxes as it can."""
    pairs = {(o, t.to) for o, ts in cohort.transitions.items() for t in ts}
    arrows: list[_Arrow] = []
    bent: dict[tuple[str, str], float] = {}
    for origin, transitions in cohort.transitions.items():
        for t in transitions:
            if t.to == origin:
                continue
            others = [node.box for name, node in nodes.items() if name not in (origin, t.to)]
            bends = BENDS_BOTH_WAYS if (t.to, origin) in pairs else BENDS_ALONE
            back = bent.get((t.to, origin))
            if back is not None:  # a bend of the opposite sign lies on the same side as the way back
                bends = tuple(b for b in (*bends, *(-b for b in BENDS_BOTH_WAYS)) if abs(b + back) > LEAST_APART)
            curves = {b: _curve(nodes[origin].centre, nodes[t.to].centre, b) for b in bends}
            bend = min(bends, key=lambda b: (sum(inside(curves[b], box, 0.04) for box in others), bends.index(b)))
            bent[origin, t.to] = bend
            ends = (nodes[origin].box, nodes[t.to].box)
            seen = curves[bend][~np.logical_or(*(in_box(curves[bend], box) for box in ends))]
            arrows.append(_Arrow(origin, t.to, _text(t), t.kind == "hazard", bend, seen))
    return arrows


def _curve(a: Point, b: Point, bend: float, steps: int = 60) -> Any:
    """Points on the curve that `arc3` draws, a row each."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    mx, my = (a[0] + b[0]) / 2 + bend * dy, (a[1] + b[1]) / 2 - bend * dx
    t = np.linspace(0, 1, steps + 1)[:, None]
    return (1 - t) ** 2 * np.array(a) + 2 * t * (1 - t) * np.array((mx, my)) + t**2 * np.array(b)


def _text(transition: Transition) -> str:
    return "rest" if transition.formula is None else transition.formula.text


def _label(axes: Any, arrows: list[_Arrow], nodes: dict[str, _Node], ruler: Ruler, page: Box) -> int:
    """Write formulas where they cover neither boxes, other arrows nor each other; how many were written."""
    taken = [node.box for node in nodes.values()]
    done = 0
    for arrow in sorted(arrows, key=lambda a: (len(a.text), arrows.index(a))):
        if len(arrow.text) > LONGEST_LABEL or not len(arrow.curve):
            continue
        style = "normal" if arrow.hazard else "italic"
        half = (ruler.width(arrow.text, SMALL, style) / 2 + 0.03, line_height(SMALL) / 2)
        others = np.concatenate([a.curve for a in arrows if a is not arrow] or [np.zeros((0, 2))])
        for part in (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73):
            x, y = arrow.curve[min(int(part * len(arrow.curve)), len(arrow.curve) - 1)]
            box = (x - half[0], y - half[1], x + half[0], y + half[1])
            off = box[0] < page[0] or box[1] < page[1] or box[2] > page[2] or box[3] > page[3]
            hidden = inside(arrow.curve, box) > 0.55 * len(arrow.curve)
            if off or hidden or inside(others, box, 0.02) or any(overlap(box, b, 0.02) for b in taken):
                continue
            axes.text(x, y, arrow.text, ha="center", va="center", fontsize=SMALL, style=style, zorder=5,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})  # fmt: skip
            taken.append(box)
            done += 1
            break
    return done


def _alt(cohort: Cohort) -> str:
    named = {s.name: s.label for s in cohort.states}
    dead = [s.label for s in cohort.states if s.dead]
    text = f"State diagram of {cohort.label} with {len(named)} states: {listing(list(named.values()))}."
    if dead:
        text += f" Dead: {listing(dead)}."
    moves = []
    for origin, transitions in cohort.transitions.items():
        to = [named[t.to] for t in transitions if t.to != origin]
        if to:
            moves.append(f"from {named[origin]} to {listing(to)}")
    return f"{text} Transitions: {'; '.join(moves)}." if moves else f"{text} There are no transitions."
