"""A section of the report: a title, paragraphs of reading, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass

from nbsmodel.report.report_tables import Grid


@dataclass(frozen=True)
class Section:
    """A section of the report on an analysis.

    Parameters
    ----------
    id : str
        Of its heading, for links.
    title : str
    paragraphs : tuple of str
        The reading, in plain sentences, before the tables and figures.
    items : tuple of Grid or str
        Tables, and names of figures, in order; a figure that was not drawn is left out.
    warnings : tuple of str
        What a reader must know first; set apart.
    uncertainty : bool
        Whether the analysis says how uncertain the results are.
    """

    id: str
    title: str
    paragraphs: tuple[str, ...]
    items: tuple[Grid | str, ...]
    warnings: tuple[str, ...] = ()
    uncertainty: bool = True
