"""Ready-made behaviour for a run."""
