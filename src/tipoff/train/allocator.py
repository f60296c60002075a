"""Let glibc keep large blocks between steps, instead of giving them back and faulting them in again.

On a CPU this alone makes a training step of a convolutional network two to four times faster, at the
price of a higher peak of memory. Linux with glibc only; TIPOFF_ALLOCATOR=0 switches it off.
"""

from __future__ import annotations

import ctypes
import os
import platform

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # malloc.h
_done = False


def keep_memory() -> bool:
    """Set it once a process; whether this call did."""
    global _done
    if _done or os.environ.get("TIPOFF_ALLOCATOR") == "0" or platform.libc_ver()[0] != "glibc":
        return False
    _done = True
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    mallopt(_MMAP_MAX, 0)
    mallopt(_TRIM_THRESHOLD, 2**31 - 1)
    mallopt(_TOP_PAD, 256 << 20)
    return True
