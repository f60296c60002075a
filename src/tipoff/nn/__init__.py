"""Small layers that know nothing of the rest of tipoff."""
