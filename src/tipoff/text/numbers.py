"""The course's smallest text: numbers in words, "one , two , three , ...", in which the next word can be known."""

from __future__ import annotations

from tipoff.checked import checked
from tipoff.errors import UsageError

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen",
    "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def in_words(n: int) -> str:
    """A number from 0 to 9999 as English has it.

    >>> in_words(4321)
    'four thousand three hundred twenty one'
    """
    if not 0 <= n < 10000:
        raise UsageError(f"{n} is not between 0 and 9999.")
    if n < 20:
        return _UNITS[n]
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if n >= size:
            rest = f" {in_words(n % size)}" if n % size else ""
            return f"{_UNITS[n // size]} {name}{rest}"
    return _TENS[n // 10] + (f" {_UNITS[n % 10]}" if n % 10 else "")


@checked
def human_numbers(first: int = 1, last: int = 9999) -> list[str]:
    """The numbers from `first` to `last` in words, one a line: the whole of the course's HUMAN_NUMBERS, train and valid.

    >>> " . ".join(human_numbers(1, 3))
    'one . two . three'
    """
    return [in_words(n) for n in range(first, last + 1)]
