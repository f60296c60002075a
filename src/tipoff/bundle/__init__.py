"""The model file: writing, reading, and answering from it. Serving needs this and nothing of training."""
