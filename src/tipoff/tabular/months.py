"""The names of months in several languages, as dates have them."""

from __future__ import annotations

_NAMES = {
    "Jan": "jan januar january janvier enero gennaio januari janeiro janv jän jänner ene genn gen",
    "Feb": "feb februar february février febrero febbraio februari fevereiro févr fév febr feber",
    "Mar": "mar märz march mars marzo maart março mär mrz mrt",
    "Apr": "apr april avril abril aprile avr abr",
    "May": "may mai mayo maggio mei maio mag",
    "Jun": "jun juni june juin junio giugno junho giu",
    "Jul": "jul juli july juillet julio luglio julho juil lug",
    "Aug": "aug august août agosto augustus augusti ago",
    "Sep": "sep sept september septembre septiembre settembre setembro set",
    "Oct": "oct okt oktober october octobre octubre ottobre outubro ott out",
    "Nov": "nov november novembre noviembre novembro",
    "Dec": "dec dez dezember december décembre diciembre dicembre dezembro déc dic desember",
}
# in small letters, with and without a full stop -> as the forms of dates have it
MONTHS = {
    name + end: english for english, names in _NAMES.items() for name in names.split() for end in ("", ".")
}
