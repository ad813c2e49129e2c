"""Commands as functions: run, validate, reproduce."""
