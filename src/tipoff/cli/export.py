"""`tipoff export --onnx`: a model file for servers without PyTorch."""

from __future__ import annotations

from pathlib import Path

from tipoff.cli import screen
from tipoff.notes import listening
from tipoff.onnx.export import export_onnx


def run_export(model: Path, out: Path | None) -> Path:
    """Write the ONNX file, and say how near it is to the model."""
    with listening(screen.note):
        path, parity, heat = export_onnx(model, out)
    print(f"{path}  ({path.stat().st_size / 1e6:.1f} MB)")
    print("takes        pictures of any size, as bytes: pixels (N, H, W, 3)")
    print(f"gives        probabilities{', and a heat map of what spoke for the answer' if heat else ''}")
    for line in str(parity).splitlines():
        print(f"{'compared':<12} {line}")
    return path
