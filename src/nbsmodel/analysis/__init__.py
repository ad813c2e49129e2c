"""Measures computed from tables of outcomes; nothing here runs a model."""
