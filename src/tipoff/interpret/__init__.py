"""What the model got right and wrong, and why."""
