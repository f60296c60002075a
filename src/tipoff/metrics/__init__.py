"""How good it is: figures that are right under uneven batches and several processes."""
