"""Make samples/things from the photos of Debian's package tuxpaint-stamps-default.

    apt-get download tuxpaint-stamps-default
    dpkg -x tuxpaint-stamps-default_*.deb unpacked
    python scripts/make_samples.py unpacked

Each picture is put on white, padded to a square, made at most 192 pixels wide and saved as JPEG. Drawn
pictures (the folders called cartoon) are left out.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from PIL import Image

CLASSES = {
    "bird": "animals/birds",
    "mammal": "animals/mammals",
    "fruit": "food/fruit",
    "vegetable": "food/vegetables",
    "flower": "plants/flowers",
    "tool": "household/tools",
    "instrument": "hobbies/music",
    "vehicle": "vehicles",
}
SIZE = 192


def squared(path: Path) -> Image.Image:
    """The picture on white, padded to a square of at most SIZE pixels."""
    image = Image.open(path).convert("RGBA")
    side = max(image.size)
    white = Image.new("RGBA", (side, side), "white")
    white.paste(image, ((side - image.width) // 2, (side - image.height) // 2), image)
    made = white.convert("RGB")
    made.thumbnail((SIZE, SIZE), Image.Resampling.LANCZOS)
    return made


def main(unpacked: Path, out: Path) -> None:
    stamps = unpacked / "usr/share/tuxpaint/stamps"
    rows = []
    for label, folder in CLASSES.items():
        (out / label).mkdir(parents=True, exist_ok=True)
        for path in sorted((stamps / folder).rglob("*.png")):
            if "cartoon" in path.parts or "wheel" in path.stem:
                continue
            file = out / label / f"{path.stem}.jpg"
            squared(path).save(file, quality=90)
            rows.append((f"{label}/{file.name}", path.relative_to(stamps).as_posix()))
    with open(out.parent / "FILES.tsv", "w", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(("file", "in tuxpaint-stamps-default, below usr/share/tuxpaint/stamps"))
        writer.writerows(rows)
    print(f"{len(rows)} pictures in {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).resolve().parent.parent / "samples" / "things")
