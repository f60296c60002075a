"""tipoff: a state-of-the-art model from your own data in a few lines, that you can open, check and ship."""

from __future__ import annotations

import os

__version__ = "0.1.0"

# Transparent huge pages for tensors on Linux; torch reads this once, when it is imported, so it is set here.
# See docs/decisions/002-allocator.md; TIPOFF_ALLOCATOR=0 leaves everything as it is.
if os.environ.get("TIPOFF_ALLOCATOR", "1") != "0":
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
