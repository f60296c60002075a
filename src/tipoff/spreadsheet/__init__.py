"""Workbooks with live formulas: gradient descent, a network and optimizers in which every number can be seen and changed.

They open in Excel, LibreOffice and Google Sheets; nothing of tipoff or PyTorch runs there.

>>> from tipoff import spreadsheet
>>> spreadsheet.collab("ratings.xlsx")  # doctest: +SKIP
"""

from tipoff.spreadsheet.collab import collab
from tipoff.spreadsheet.network import network
from tipoff.spreadsheet.optimizers import optimizers

__all__ = ["collab", "network", "optimizers"]
