"""The formula language: parsed once into a small tree, then checked, ordered and rendered."""
