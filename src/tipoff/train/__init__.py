"""The training loop and its five nouns; none of them knows pictures or text."""
