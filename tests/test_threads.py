"""Threads that compute: how they wait for one another, and how many of them a run has."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("own", "spins"),
    [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, "None")],
    ids=["nothing set", "own count", "own policy"],
)
def test_threads_wait_only_briefly_unless_the_user_says_otherwise(own, spins):
    clean = {k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    code = "import os, tipoff; print(os.environ.get('GOMP_SPINCOUNT'))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**clean, **own}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == spins
