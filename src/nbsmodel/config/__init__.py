"""Settings and scenarios: which model, with what changed, run how."""
