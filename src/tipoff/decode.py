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

from tipoff.deep_images import Levels, averaged, is_deep_array, say_if_dark, scaled
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
_DEEP_ENDINGS = (".png", ".tif", ".tiff")


def decode_image(
    source: Any,
    *,
    mode: str = "RGB",
    levels: Levels | None = None,
    max_pixels: int = MAX_PIXELS,
    keep_pixels: int | None = None,
) -> np.ndarray:
    """A picture as uint8 (H, W, 3), turned as its EXIF data says, transparency put on white.

    `source` is a path, bytes, a file that is open for reading, an array (H, W), (H, W, 3) or (H, W, 4), a tensor
    (3, H, W), or a Pillow picture. `mode` "L" makes it grey, still with three channels. Of an animation, the first frame is
    taken. A picture of more than 8 bits is scaled so that `levels`, (low, high), become 0 and 255: see
    `tipoff.deep_images.scaled`. A file of more than `keep_pixels` is downscaled while it is decoded, by a whole factor that
    leaves no more. Raises `DataError`, naming the file, for anything that is no whole picture or has more than `max_pixels`.

    >>> decode_image(np.zeros((4, 5), np.uint8)).shape
    (4, 5, 3)
    """
    name = name_of(source)
    x = _read(source, mode, name, max_pixels, keep_pixels)
    return x if _is_done(x) else _from_array(scaled(x, levels, name), mode)


def read_pixels(source: Any, *, max_pixels: int = MAX_PIXELS, keep_pixels: int | None = None) -> np.ndarray:
    """As `decode_image`, but that the values of a picture of more than 8 bits are left as they are, (H, W).

    >>> read_pixels(np.full((4, 5), 4095, np.uint16)).max()
    4095
    """
    return _read(source, "RGB", name_of(source), max_pixels, keep_pixels)


def name_of(source: Any) -> str:
    """What a picture is called in messages: its path, or `the picture`."""
    if isinstance(source, (str, Path)):
        return str(source)
    called = getattr(source, "filename", None) or getattr(source, "name", None)
    return called if isinstance(called, str) and callable(getattr(source, "read", None)) else "the picture"


def _is_done(x: np.ndarray) -> bool:
    return x.dtype == np.uint8 and x.ndim == 3 and x.shape[2] == 3


def _read(source: Any, mode: str, name: str, max_pixels: int, keep_pixels: int | None) -> np.ndarray:
    """uint8 (H, W, 3), or an array of more than 8 bits as it is."""
    if isinstance(source, np.ndarray):
        return source if is_deep_array(source) else _from_array(source, mode)
    if isinstance(source, Image.Image):
        return _from_pillow(source, mode, name, max_pixels)
    data = _bytes(source)
    if data is None and hasattr(source, "detach"):
        array = source.detach().cpu()
        array = array.permute(1, 2, 0) if array.ndim == 3 and array.shape[0] in (1, 3, 4) else array
        x = (array.float() if array.is_floating_point() else array).numpy()
        return x if is_deep_array(x) else _from_array(x, mode)
    data = _of_file(Path(source)) if data is None else data
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


def _bytes(source: Any) -> bytes | None:
    """What an open file, or what is in memory, holds; None for anything else. The file is left where it was."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    # of an upload of Starlette or FastAPI, whose own `read` has to be awaited
    inner: Any = getattr(source, "file", None)
    file: Any = inner if callable(getattr(inner, "read", None)) else source
    if not callable(getattr(file, "read", None)):
        return None
    at = file.tell() if hasattr(file, "seekable") and file.seekable() else None
    data = file.read()
    if at is not None:
        file.seek(at)
    if not isinstance(data, bytes):
        raise DataError(
            f"{name_of(source)} gives {type(data).__name__} when it is read, and a picture is bytes: open it by open(name, 'rb')."
        )
    if not data and at:
        raise DataError(f"{name_of(source)} was read to its end before: go back by seek(0).")
    return data


def is_deep_file(source: Any) -> bool:
    """Whether a picture has grey values of more than 8 bits, found from its beginning; False where it is no picture."""
    if isinstance(source, np.ndarray):
        return is_deep_array(source)
    if isinstance(source, Image.Image):
        return _is_deep_mode(source.mode)
    if isinstance(source, (str, Path)):
        if Path(source).suffix.lower() not in _DEEP_ENDINGS:
            return False
        file: Any = source
    else:
        with contextlib.suppress(DataError):
            file = _bytes(source)
        if not isinstance(file, bytes):
            return False
        file = io.BytesIO(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=FORMATS) as image:
                return _is_deep_mode(image.mode)
    except Exception:  # said where it is decoded
        return False


def _is_deep_mode(mode: str) -> bool:
    return mode in ("I", "F") or mode.startswith("I;16")


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


def _of_file(path: Path) -> bytes:
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
    of_16_bits = _has_wide_channels(image)
    draft(image, whole_factor(*image.size, keep_pixels))
    image.load()
    factor = whole_factor(*image.size, keep_pixels)  # of what the JPEG decoder left
    if _is_deep_mode(image.mode):
        x = np.asarray(image)
        x = x.astype(x.dtype.newbyteorder("="), copy=False)
        return turned(averaged(x, factor)[..., None], _orientation(image))[..., 0]
    if factor > 1 or image.width * image.height > LARGE_PIXELS:
        done = turned(in_strips(image, lambda strip: _as_rgb(strip, mode), factor), _orientation(image))
    else:
        with contextlib.suppress(Exception):  # damaged EXIF data: the picture itself is whole
            image = ImageOps.exif_transpose(image)
        done = _as_rgb(image, mode)
    if of_16_bits:
        say_if_dark(
            done, f"{name} has colours of 16 bits, of which the upper 8 are used", "Scale them by hand"
        )
    return done


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:  # damaged EXIF data
        return 1


def _as_rgb(image: Image.Image, mode: str) -> np.ndarray:
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if mode == "L":
        image = image.convert("L")
    return np.array(image.convert("RGB"))


def _has_wide_channels(image: Image.Image) -> bool:
    """Whether the colours of a PNG or TIFF have 16 bits, which Pillow reads the upper 8 of."""
    tile = getattr(image, "tile", None) or [(None,) * 4]
    bits = getattr(image, "tag_v2", {}).get(258, (8,))
    return image.mode in ("RGB", "RGBA", "LA") and (";16" in str(tile[0][3]) or max(np.atleast_1d(bits)) > 8)


def _from_array(x: np.ndarray, mode: str) -> np.ndarray:
    if x.dtype != np.uint8 or x.ndim not in (2, 3) or (x.ndim == 3 and x.shape[2] not in (1, 3, 4)):
        raise DataError(
            f"An array of shape {x.shape} and type {x.dtype} is not a picture; (H, W, 3) and (H, W) of numbers are."
        )
    if x.size == 0:
        raise DataError(f"The picture is empty: its shape is {x.shape}.")
    if x.ndim == 2 or x.shape[2] == 1:
        return np.repeat(x.reshape(*x.shape[:2], 1), 3, axis=2)
    if x.shape[2] == 4 or mode == "L":
        return _from_pillow(Image.fromarray(x), mode, "the picture", MAX_PIXELS)
    return np.ascontiguousarray(x)
