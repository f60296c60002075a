"""A table to be read: HTML in a notebook, text in a terminal."""

from tipoff.display import show_frame

__all__ = ["show_frame"]
