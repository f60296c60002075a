"""A model on the web, for a person and for a program. Nothing here needs the training code."""
