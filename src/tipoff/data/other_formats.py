"""Files that are not read as tables, by their endings, and what to do with each."""

from __future__ import annotations

from pathlib import Path

from tipoff.data.formats import EXCEL, PARQUET
from tipoff.errors import DataError

DELIMITED = (".csv", ".tsv", ".tab", ".txt", ".data", ".dat")
TABLES = (*DELIMITED, *PARQUET, *EXCEL)

# ending -> what to do; {name} is the file, {csv} the same as CSV
WAYS = {
    ".xls": "Open it in a spreadsheet and save it as .xlsx or .csv.",
    ".xlsb": "Open it in a spreadsheet and save it as .xlsx or .csv.",
    ".ods": "Open it in a spreadsheet and save it as .xlsx or .csv.",
    ".numbers": "Export it as .xlsx or .csv.",
    ".json": "In Python: pandas.read_json({name!r}).to_csv({csv!r}, index=False).",
    ".jsonl": "In Python: pandas.read_json({name!r}, lines=True).to_csv({csv!r}, index=False).",
    ".ndjson": "In Python: pandas.read_json({name!r}, lines=True).to_csv({csv!r}, index=False).",
    ".feather": "In Python: pandas.read_feather({name!r}).to_csv({csv!r}, index=False).",
    ".arrow": "In Python: pandas.read_feather({name!r}).to_csv({csv!r}, index=False).",
    ".orc": "In Python: pandas.read_orc({name!r}).to_csv({csv!r}, index=False).",
    ".dta": "In Python: pandas.read_stata({name!r}).to_csv({csv!r}, index=False).",
    ".sav": "In Python: pandas.read_spss({name!r}).to_csv({csv!r}, index=False).",
    ".sas7bdat": "In Python: pandas.read_sas({name!r}).to_csv({csv!r}, index=False).",
    ".xml": "In Python: pandas.read_xml({name!r}).to_csv({csv!r}, index=False).",
    ".html": "In Python: pandas.read_html({name!r})[0].to_csv({csv!r}, index=False).",
    ".rds": "In R: write.csv(readRDS({name!r}), {csv!r}, row.names=FALSE).",
    ".db": "In Python: tipoff.data.formats.read_sql(query, sqlite3.connect({name!r})).to_csv({csv!r}, index=False).",
    ".sqlite": "In Python: tipoff.data.formats.read_sql(query, sqlite3.connect({name!r})).to_csv({csv!r}, index=False).",
    ".gz": "Unpack it first: gunzip {name}.",
    ".bz2": "Unpack it first: bunzip2 {name}.",
    ".xz": "Unpack it first: unxz {name}.",
    ".zst": "Unpack it first: unzstd {name}.",
    ".zip": "Unpack it first, and name the file or the folder that comes out.",
    ".tar": "Unpack it first, and name the file or the folder that comes out.",
    ".tgz": "Unpack it first, and name the file or the folder that comes out.",
    ".7z": "Unpack it first, and name the file or the folder that comes out.",
    ".rar": "Unpack it first, and name the file or the folder that comes out.",
    ".pkl": "A pickle runs code when it is read: write the table as Parquet where it comes from.",
    ".pickle": "A pickle runs code when it is read: write the table as Parquet where it comes from.",
    ".pdf": "Copy the table into a spreadsheet and save it as .xlsx or .csv.",
    ".docx": "Copy the table into a spreadsheet and save it as .xlsx or .csv.",
    ".tipoff": "It is a model file; name the table behind it.",
    ".onnx": "It is a model file; name the table behind it.",
}


def need_table(path: Path) -> None:
    """Raise `DataError`, saying what to do, where the ending is that of a file which is not read as a table.

    >>> need_table(Path("people.csv"))
    """
    way = WAYS.get(path.suffix.lower())
    if way is not None:
        csv = f"{path.name.split('.')[0]}.csv"
        raise DataError(
            f"{path} is not read: tables are .csv, .tsv, .txt, .parquet or .xlsx. "
            + way.format(name=path.name, csv=csv)
        )
