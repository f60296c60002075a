"""Numbers as people write them: with thousands separators, decimal commas, currencies, percent signs and units."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from tipoff.data.cells import says_no_value
from tipoff.spec import Spec

SYMBOLS = "$€£¥₹₽₩₺₴₫฿₪₦₱"
CODES = [
    "USD",
    "EUR",
    "GBP",
    "CHF",
    "JPY",
    "CNY",
    "INR",
    "RUB",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "HUF",
    "AUD",
    "CAD",
    "NZD",
    "BRL",
    "ZAR",
    "KRW",
    "TRY",
    "MXN",
    "Rs",
    "Rs.",
    "kr",
    "R$",
    "US$",
    "A$",
    "C$",
]
PERCENT = "%"
UNITS = (
    PERCENT,
    *[
        "k",
        "K",
        "M",
        "m",
        "mio",
        "bn",
        "b",
        "kg",
        "g",
        "mg",
        "t",
        "lb",
        "lbs",
        "oz",
        "km",
        "cm",
        "mm",
        "mi",
        "ft",
        "in",
        "l",
        "ml",
        "h",
        "min",
        "s",
        "ms",
        "kW",
        "kWh",
        "W",
        "V",
        "A",
        "°C",
        "°F",
        "MB",
        "GB",
        "TB",
        "hp",
        "mph",
        "km/h",
    ],
)
LONGEST_UNIT = 12  # characters

_SPACE = " \u00a0\u2009\u202f"
_PLAIN = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity)", re.IGNORECASE)
_MONEY = rf"[{SYMBOLS}]|" + "|".join(re.escape(c) for c in sorted(CODES, key=len, reverse=True))
_CELL = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[+-])?\s*(?P<before>{_MONEY})?\s*(?P<sign2>[+-])?\s*"
    rf"(?P<body>[.,]?\d(?:[\d.,'’{_SPACE}]*\d)?[.,]?)\s*(?P<after>[^\d\s().,+-][^\d()]*?)?\s*(?P<close>\))?(?P<minus>-)?"
)
# in the order of preference
FORMS = ((".", ""), (".", ","), (",", "."), (",", ""), (".", " "), (",", " "), (".", "'"), (",", "'"))


@dataclass(frozen=True)
class NumberForm(Spec):
    """How the numbers of a column are written.

    Args:
        decimal: what stands before the decimals, a point or a comma.
        thousands: what stands between groups of three digits: "," or "." or "'" or " " (any kind of space); "" for nothing.
        unit: what stands before or behind the number: "£", "kg", "%"; "" for nothing. 12.5% is 0.125, as a spreadsheet has it.

    Example:
        >>> NumberForm(",", ".", "€").read("-1.234,50 €")
        -1234.5
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""

    def read(self, text: str) -> float:
        """Read one number; NaN for an empty cell, and for a word such as NA or `-`.

        Other writings are read too where they can mean only one number. Raises `ValueError` for anything else.
        """
        text = _clean(text)
        if not text or says_no_value(text):
            return math.nan
        points = self.decimal == "." and self.thousands != "."
        if points and not self.unit and _PLAIN.fullmatch(text):
            return float(text)
        found = _parts(text)
        if found is None:
            if _PLAIN.fullmatch(text):  # with an exponent, infinite
                return float(text)
            raise ValueError(text)
        sign, unit, body = found
        value = _value(body, self.decimal, self.thousands)
        if value is None:
            value = _only_reading(body)
        if value is None or not self._takes(unit, value):
            raise ValueError(text)
        return sign * value / (100 if unit == PERCENT else 1)

    def _takes(self, unit: str, value: float) -> bool:
        """Whether a number with this unit can be one of the column."""
        if unit == self.unit:
            return True
        if not unit:
            return self.unit != PERCENT or value <= 1  # 0.125 for 12.5%
        return not self.unit and is_money(unit)

    def in_file(self, decimal: str | None) -> NumberForm:
        """The form for a file with that before decimals; what training rows were written with counts more."""
        is_plain = (self.decimal, self.thousands) == (".", "")
        return self.replace(decimal=",", thousands=".") if is_plain and decimal == "," else self


PLAIN = NumberForm()


def is_money(unit: str) -> bool:
    """Return whether a unit is a currency.

    >>> is_money("£"), is_money("EUR"), is_money("kg")
    (True, True, False)
    """
    return bool(unit) and (unit in SYMBOLS or unit in CODES)


def find_form(cells: Iterable[str], decimal: str = ".", *, strict: bool = True) -> NumberForm | None:
    """Find how the numbers of a column are written.

    Args:
        cells: text, each value once or more often; empty cells and words such as NA do not count.
        decimal: what other columns of the file have before decimals, for where `1.234` and `1,234` could mean both.
        strict: that each cell must be a number; else the form is that of those that are.

    Returns:
        The form that reads every cell; None where there is none, as in a column of words, of codes such as 0123, or of several units.

    Example:
        >>> find_form(["£1,234.50", "£950", "-"])
        NumberForm(decimal='.', thousands=',', unit='£')
        >>> find_form(["1.355,90", "12,50"]), find_form(["5 kg", "11 lb"])
        (NumberForm(decimal=',', thousands='.', unit=''), None)
    """
    found: list[tuple[str, str]] = []  # unit, digits
    bracketed = 0
    for cell in cells:
        text = _clean(cell)
        if not text or says_no_value(text):
            continue
        parts = _parts(text)
        if parts is not None and not re.match(r"0\d", parts[2]):
            found.append(parts[1:])
            bracketed += text.startswith("(")
        elif strict and (parts is not None or not _PLAIN.fullmatch(text)):
            return None
    # nothing is nothing in any unit
    units = Counter(unit for unit, body in found if unit or body.strip("0.,"))
    unit = max(units, key=lambda u: (units[u], u), default="") if not strict else max(units, default="")
    # of nothing but brackets nobody knows that they mean less than zero; 12 beside 12% could be either
    if (
        not found
        or bracketed == len(found)
        or (strict and ({*units} == {"", PERCENT} or len(units.keys() - {""}) > 1))
    ):
        return None
    bodies = [body for u, body in found if strict or u in (unit, "")]
    fits = [f for f in FORMS if all(_value(b, *f) is not None for b in bodies)]
    return NumberForm(*_chosen(fits, bodies, decimal, is_money(unit)), unit) if fits else None


def units_of(cells: Iterable[str]) -> list[str]:
    """Find the units of numbers where most cells are such, the most frequent first; none where they are words.

    >>> units_of(["$5", "€6", "$7"]), units_of(["5 Main St", "6 Oak"])
    (['$', '€'], [])
    """
    cells = list(cells)
    found = Counter(
        parts[1] for c in cells if (parts := _parts(_clean(c))) is not None and _is_known(parts[1])
    )
    return [unit for unit, _ in found.most_common() if unit] if found.total() >= 0.75 * len(cells) else []


def _is_known(unit: str) -> bool:
    return not unit or is_money(unit) or unit in UNITS


def _chosen(fits: list[tuple[str, str]], bodies: list[str], decimal: str, is_price: bool) -> tuple[str, str]:
    """The reading to prefer where several are possible, as of `1.234` and `1,234`."""
    marks = {mark for b in bodies for mark in ".," if mark in b}
    if marks == {"."} and {(".", ""), (",", ".")} <= {*fits}:
        return (",", ".") if is_grouped(bodies, is_price or decimal == ",") else (".", "")
    if marks == {","} and {(".", ","), (",", "")} <= {*fits} and decimal == ",":
        return (",", ".")
    return fits[0]


def is_grouped(bodies: Iterable[str], likely: bool = False) -> bool:
    """Return whether points in numbers stand between groups of three digits, rather than before decimals.

    Who writes decimals does not write 1.200 beside 950; nor is there a second point.

    Args:
        bodies: numbers without sign and unit.
        likely: that less proof is needed, as where other columns have decimal commas, and for prices.

    Example:
        >>> is_grouped(["950", "1.200"]), is_grouped(["1.5", "1.200"]), is_grouped(["950", "1.234"], likely=True)
        (True, False, True)
    """
    bodies = list(bodies)
    if not all(re.fullmatch(r"\d{1,3}(\.\d{3})*", b) for b in bodies) or any(
        b.startswith("0.") for b in bodies
    ):
        return False
    if any(b.count(".") > 1 for b in bodies):
        return True
    dotted = [b for b in bodies if "." in b]
    return bool(dotted) and len(dotted) < len(bodies) and (likely or any(b.endswith("0") for b in dotted))


def _clean(text: str) -> str:
    return text.strip().replace("−", "-").replace("’", "'")


def _parts(text: str) -> tuple[int, str, str] | None:
    """Sign, unit and digits of a cell; None where it holds anything else."""
    found = _CELL.fullmatch(text)
    if found is None:
        return None
    before, after = found["before"] or "", (found["after"] or "").strip()
    if (before and after) or len(after) > LONGEST_UNIT or bool(found["open"]) != bool(found["close"]):
        return None
    minus = [found["open"], found["sign"] == "-", found["sign2"] == "-", found["minus"]]
    if sum(map(bool, minus)) > 1 or (found["sign"] and found["sign2"]):
        return None
    return (-1 if any(minus) else 1), before or after, re.sub(f"[{_SPACE}]", " ", found["body"]).strip()


@lru_cache
def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    d, t = re.escape(decimal), re.escape(thousands)
    if not thousands:
        return re.compile(rf"\d+(?:{d}\d*)?|{d}\d+")
    groups = rf"\d{{1,3}}(?:{t}\d{{3}})+"
    if thousands == ",":  # as in India
        groups += r"|\d{1,2}(?:,\d{2})+,\d{3}"
    return re.compile(rf"(?:{groups}|\d{{1,3}})(?:{d}\d*)?|{d}\d+")


def _value(body: str, decimal: str, thousands: str) -> float | None:
    if _pattern(decimal, thousands).fullmatch(body) is None:
        return None
    return float(
        body.replace(thousands, "").replace(decimal, ".") if thousands else body.replace(decimal, ".")
    )


def _only_reading(body: str) -> float | None:
    """The number that all possible readings agree in; None where they do not."""
    read = {v for f in FORMS if (v := _value(body, *f)) is not None}
    return read.pop() if len(read) == 1 else None
