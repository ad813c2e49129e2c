"""The vocabulary of a model: parameters, distributions, tables, tree and cohorts."""
