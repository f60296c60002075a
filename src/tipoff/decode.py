"""Any picture file to an array of RGB bytes, or a sentence why not."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tipoff.downscale import draft, in_strips, turned, whole_factor
from tipoff.errors import DataError, did_you_mean

# a server goes without its 150 MB: Pillow gives the same pixels in twice the time
cv2: Any = None if find_spec("cv2") is None else import_module("cv2")

MAX_PIXELS = 100_000_000  # about 300 MB as RGB; what a decompression bomb would exceed
MAX_RATIO = 200  # of the sides: brought to 224 pixels by cropping, 1 × 50,000 pixels would take 30 GB
KEEP_PIXELS = 16_000_000  # that a network is given: it resizes them to far fewer
LARGE_PIXELS = 2_000_000  # above, an image is converted a strip at a time
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_EXIF_ORIENTATION = 0x0112


def decode_image(
    source: Any, *, mode: str = "RGB", max_pixels: int = MAX_PIXELS, keep_pixels: int | None = None
) -> np.ndarray:
    """A picture as uint8 (H, W, 3), turned as its EXIF data says, transparency put on white.

    `source` is a path, bytes, an array (H, W), (H, W, 3) or (H, W, 4) of uint8, a tensor (3, H, W), or a
    Pillow picture. `mode` "L" makes it grey, still with three channels. 16-bit pictures are scaled to 8
    bits; of an animation, the first frame is taken. A file of more than `keep_pixels` is downscaled while it
    is decoded, by a whole factor that leaves no more. Raises `DataError`, naming the file, for anything
    that is no whole picture or has more than `max_pixels`.

    >>> decode_image(np.zeros((4, 5), np.uint8)).shape
    (4, 5, 3)
    """
    if isinstance(source, np.ndarray):
        return _from_array(source, mode)
    if isinstance(source, Image.Image):
        return _from_pillow(source, mode, "the picture", max_pixels)
    if hasattr(source, "detach"):
        array = source.detach().cpu()
        array = array.permute(1, 2, 0) if array.ndim == 3 and array.shape[0] in (1, 3, 4) else array
        scaled = array * 255 if array.is_floating_point() and float(array.max()) <= 1 else array
        return _from_array(scaled.round().clamp(0, 255).byte().numpy(), mode)
    name = "the picture" if isinstance(source, (bytes, bytearray)) else str(source)
    data = bytes(source) if isinstance(source, (bytes, bytearray)) else _read(Path(source))
    why = _not_a_picture(data)
    if why:
        raise DataError(f"{name} {why}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check_size(image, name, max_pixels)
                whole = whole_factor(*image.size, keep_pixels) == 1
                if whole and image.format == "JPEG" and image.mode == "RGB" and mode == "RGB":
                    plain = _plain_jpeg(data, image)
                    if plain is not None:
                        return plain
                return _from_pillow(image, mode, name, max_pixels, keep_pixels)
    except UnidentifiedImageError:
        raise DataError(
            f"{name} is not a picture that can be read (JPEG, PNG, WebP, GIF, BMP or TIFF)."
        ) from None
    except DataError:
        raise
    except Image.DecompressionBombError as e:
        raise DataError(_too_many(name, e, max_pixels)) from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as e:
        raise DataError(f"{name} is damaged: {_plain(e)}.") from None


def check_header(path: str | Path, max_pixels: int = MAX_PIXELS) -> str | None:
    """Why the file is no picture, found from its beginning, or None."""
    try:
        with open(path, "rb") as file:
            why = _not_a_picture(file.read(512))
        if why:
            return f"{path} {why}."
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                _check_size(image, str(path), max_pixels)
    except DataError as e:
        return str(e)
    except UnidentifiedImageError:
        return f"{path} is not a picture that can be read (JPEG, PNG, WebP, GIF, BMP or TIFF)."
    except Image.DecompressionBombError as e:
        return _too_many(str(path), e, max_pixels)
    except (OSError, ValueError, SyntaxError) as e:
        return f"{path} is damaged: {_plain(e)}."
    return None


def _too_many(name: str, e: Image.DecompressionBombError, max_pixels: int) -> str:
    """Pillow's refusal, which comes before ours, in our words."""
    found = re.search(r"\d+", str(e))
    claimed = f"{int(found[0]):,}" if found else "far too many"
    return f"{name} claims {claimed} pixels; more than {max_pixels:,} are refused. Make it smaller with resize_images."


def _plain(e: BaseException) -> str:
    text = str(e) or type(e).__name__
    return text[0].lower() + text[1:].rstrip(".")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise DataError(f"There is no file {path}.{did_you_mean(path.name, near)}") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder; a picture was expected.") from None
    except PermissionError:
        raise DataError(f"{path} may not be read: permission denied.") from None
    except OSError as e:
        raise DataError(f"{path} cannot be read: {e.strerror or e}.") from None


def _not_a_picture(data: bytes) -> str | None:
    """What the file is instead, for the kinds that people mistake for pictures."""
    if not data:
        return "is empty (0 bytes)"
    start = data[:512].lstrip()
    if start[:1] == b"<" and (b"<html" in start.lower() or b"<!doctype" in start.lower()):
        return "is an HTML page, not a picture; the address it came from probably answered with an error"
    if start[:4] == b"<svg" or (start[:5] == b"<?xml" and b"<svg" in start):
        return "is an SVG drawing; save it as PNG first"
    if start[:4] == b"%PDF":
        return "is a PDF, not a picture"
    return None


def _check_size(image: Image.Image, name: str, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise DataError(
            f"{name} claims {width:,} × {height:,} pixels; more than {max_pixels:,} are refused. "
            "Make it smaller with resize_images."
        )
    if max(width, height) > MAX_RATIO * min(width, height):
        raise DataError(
            f"{name} has {width:,} × {height:,} pixels: one side more than {MAX_RATIO} times the other is refused. "
            "Cut out the part that matters."
        )


def _plain_jpeg(data: bytes, image: Image.Image) -> np.ndarray | None:
    """Decoded by OpenCV: the same library as Pillow's underneath, and faster. None where it fails."""
    if cv2 is None:
        return None
    try:
        turned = image.getexif().get(_EXIF_ORIENTATION, 1) != 1
    except Exception:
        turned = True
    if turned or not data.rstrip(b"\0").endswith(b"\xff\xd9"):
        return None  # Pillow turns it, or says that it is truncated
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    decoded: np.ndarray | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    return decoded


def _from_pillow(
    image: Image.Image, mode: str, name: str, max_pixels: int, keep_pixels: int | None = None
) -> np.ndarray:
    _check_size(image, name, max_pixels)
    if getattr(image, "is_animated", False):
        image.seek(0)
    draft(image, whole_factor(*image.size, keep_pixels))
    image.load()
    white = _white(image)
    factor = whole_factor(*image.size, keep_pixels)  # of what the JPEG decoder left
    if factor > 1 or image.width * image.height > LARGE_PIXELS:
        made = in_strips(image, lambda strip: _as_rgb(strip, mode, white), factor)
        return turned(made, _orientation(image))
    with contextlib.suppress(Exception):  # damaged EXIF data: the picture itself is whole
        image = ImageOps.exif_transpose(image)
    return _as_rgb(image, mode, white)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # damaged EXIF data
        return 1


def _white(image: Image.Image) -> float:
    """The value that stands for white in an image of more than 8 bits."""
    if image.mode != "F":
        return 65535.0
    highest: Any = image.getextrema()[1]
    return 65535.0 if highest > 1 else 1.0


def _as_rgb(image: Image.Image, mode: str, white: float) -> np.ndarray:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        x = np.asarray(image).astype(np.float32)
        return _from_array((x * (255 / white)).round().clip(0, 255).astype(np.uint8), mode)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if mode == "L":
        image = image.convert("L")
    return np.array(image.convert("RGB"))


def _from_array(x: np.ndarray, mode: str) -> np.ndarray:
    if x.dtype != np.uint8 or x.ndim not in (2, 3) or (x.ndim == 3 and x.shape[2] not in (1, 3, 4)):
        raise DataError(
            f"An array of shape {x.shape} and type {x.dtype} is not a picture; uint8 (H, W, 3) is."
        )
    if x.size == 0:
        raise DataError(f"The picture is empty: its shape is {x.shape}.")
    if x.ndim == 2 or x.shape[2] == 1:
        return np.repeat(x.reshape(*x.shape[:2], 1), 3, axis=2)
    if x.shape[2] == 4 or mode == "L":
        return _from_pillow(Image.fromarray(x), mode, "the picture", MAX_PIXELS)
    return np.ascontiguousarray(x)
