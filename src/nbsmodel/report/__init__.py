"""Figures and the report; nothing here computes a result."""
