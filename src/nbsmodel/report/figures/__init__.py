"""Figures of a run: one module a figure, all in the style of `style`."""

from nbsmodel.report.figures.all import make_figures, sketch_figures, write_figures
from nbsmodel.report.figures.style import Drawing, Sketch

__all__ = ["Drawing", "Sketch", "make_figures", "sketch_figures", "write_figures"]
