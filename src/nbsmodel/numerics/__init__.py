"""Array-only numerical functions: no names of the model language, no files, no global random state."""
