"""Seconds until `import tipoff` and `tipoff --help` are done, in new processes; the median of ten. The import is net of Python's own."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from common import report


def seconds(*command: str) -> float:
    times = []
    for _ in range(10):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


python = seconds(sys.executable, "-c", "pass")
report(
    imported=round(seconds(sys.executable, "-c", "import tipoff") - python, 3),
    fastai=round(seconds(sys.executable, "-c", "import fastai.vision.all") - python, 3),
    vision=round(seconds(sys.executable, "-c", "import tipoff.vision.all") - python, 3),
    help=round(seconds(str(Path(sys.executable).parent / "tipoff"), "--help"), 3),
)
