"""The main job on real photos: train, then answer for photos from another source in a new process.

python scripts/demo.py [folder]     from the root of the project; writes into demo/
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TIPOFF = [sys.executable, "-m", "tipoff.cli.main"]
UNSEEN = ("chelsea.png", "motorcycle_left.png", "rocket.jpg", "coffee.png")


def main() -> int:
    data = Path(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] else "samples/things")
    out = Path("demo")
    out.mkdir(exist_ok=True)
    model = out / f"{data.resolve().name}.tipoff"
    trained = subprocess.run([*TIPOFF, "train", str(data), "--out", str(model)])
    if trained.returncode:
        return trained.returncode
    import skimage

    photos = Path(skimage.__file__).parent / "data"
    print("\nphotos from another source (scikit-image's cat, motorcycle, rocket and a cup of coffee), in a new process:\n")
    return subprocess.run(
        [*TIPOFF, "predict", str(model.resolve()), *UNSEEN], cwd=photos
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
