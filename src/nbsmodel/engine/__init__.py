"""Engines: a loaded model evaluated over draws."""
