"""Sections of the report on analyses, one file an analysis; each reads the tables of the run."""

from nbsmodel.report.sections.all import analysis_sections

__all__ = ["analysis_sections"]
