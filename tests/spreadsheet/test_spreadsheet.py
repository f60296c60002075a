"""The workbooks hold live formulas, and recalculated by LibreOffice they say what torch says."""

import shutil
import subprocess
import sys

import openpyxl
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from tipoff import spreadsheet
from tipoff.errors import UsageError

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
needs_office = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
TABLE = {
    "Ada": {"Comet": 5, "Kisses": 1, "=1+1": 4},
    "Ben": {"Comet": 4, "Pranks": 2},
    "Cleo": {"Kisses": 5, "Pranks": 3, "=1+1": None},
    "Dev": {"Comet": 1, "Kisses": 4},
}


def recalculated(path, changes=()):
    """The numbers of a workbook as LibreOffice computes them, after cells were changed by hand."""
    book = openpyxl.load_workbook(path)
    for sheet, cell, value in changes:
        book[sheet][cell] = value
    book.save(path)
    out = path.parent / "out"
    profile = f"-env:UserInstallation=file://{path.parent / 'profile'}"
    command = [OFFICE, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return openpyxl.load_workbook(out / path.name, data_only=True)


def numbers(sheet, where):
    """A rectangle as a tensor; empty cells are nan."""
    rows = [[float("nan") if c.value in (None, "") else c.value for c in row] for row in sheet[where]]
    return torch.tensor(rows, dtype=torch.float64)


def same(a, b):
    return torch.testing.assert_close(a, b, atol=1e-6, rtol=0)


def column_of(sheet, head):
    """The cells below a heading."""
    at = next(c for row in sheet.iter_rows() for c in row if c.value == head)
    cells = sheet.iter_rows(min_row=at.row + 1, min_col=at.column, max_col=at.column)
    return torch.tensor([c.value for (c,) in cells if isinstance(c.value, (int, float))], dtype=torch.float64)


# without LibreOffice ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("write", "sheets", "n_formulas"),
    [
        (spreadsheet.collab, ["Start", "Step 1", "Step 20", "Curve"], 5000),
        (spreadsheet.network, ["Start", "Step 1", "Step 20", "Curve"], 5000),
        (spreadsheet.optimizers, ["Points", "SGD", "Momentum", "RMSProp", "Adam", "Compare"], 5000),
    ],
)
def test_numbers_are_formulas(write, sheets, n_formulas, tmp_path):
    path = write(tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(path)
    assert set(sheets) <= set(book.sheetnames)
    n = sum(c.data_type == "f" for ws in book for row in ws.iter_rows() for c in row)
    assert n > n_formulas
    assert all(ws.freeze_panes for ws in book if ws.title not in ("Start",))


def test_names_that_begin_like_a_formula_are_names(tmp_path):
    book = openpyxl.load_workbook(spreadsheet.collab(tmp_path / "x.xlsx", TABLE))
    cells = [c for row in book["Start"].iter_rows() for c in row if c.value == "=1+1"]
    assert [c.data_type for c in cells] == ["s"]


def test_a_data_frame_is_a_table_of_ratings(tmp_path):
    import pandas as pd

    frame = pd.DataFrame(TABLE).T
    books = [
        openpyxl.load_workbook(spreadsheet.collab(tmp_path / "x.xlsx", t, n_steps=1)) for t in (frame, TABLE)
    ]
    held = [sorted(str(c.value) for row in b["Start"].iter_rows() for c in row) for b in books]
    assert held[0] == held[1]


@pytest.mark.parametrize(
    ("ratings", "says"),
    [
        ({"Ada": {"Comet": "five"}}, "rating of 'Comet' by 'Ada' is 'five'"),
        ({"Ada": {}}, "no rating"),
        ([1, 2], "takes a DataFrame"),
        ({str(i): {"Comet": 1} for i in range(100)}, "100 users"),
    ],
)
def test_what_is_no_table_of_ratings_is_said(ratings, says, tmp_path):
    with pytest.raises(UsageError, match=says):
        spreadsheet.collab(tmp_path / "x.xlsx", ratings)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(UsageError, match=r"\.xlsx"):
        spreadsheet.network(tmp_path / "x.csv")
    with pytest.raises(UsageError, match="no folder"):
        spreadsheet.network(tmp_path / "no" / "x.xlsx")


def test_a_file_that_is_there_stays_until_the_new_one_is_whole(tmp_path, monkeypatch):
    path = spreadsheet.network(tmp_path / "x.xlsx", n_steps=1)
    before = path.read_bytes()
    monkeypatch.setattr("openpyxl.Workbook.save", lambda self, file: file.write(b"half") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        spreadsheet.network(path, n_steps=2)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_openpyxl_is_asked_for_politely(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ModuleNotFoundError, match=r"spreadsheet.network needs openpyxl.*tipoff\[tables\]"):
        spreadsheet.network(tmp_path / "x.xlsx")


# with LibreOffice ---------------------------------------------------------------------------


@needs_office
@pytest.mark.slow
@pytest.mark.parametrize("bias", [False, True])
def test_collaborative_filtering_is_what_torch_computes(bias, tmp_path):
    n_users, n_items, n_factors, n_steps, m = 4, 4, 2, 5, int(bias)
    path = spreadsheet.collab(tmp_path / "x.xlsx", TABLE, n_factors, bias=bias, n_steps=n_steps, lr=0.3)
    width = n_factors + m
    top = 11 + width  # of the users; ratings begin width + 3 columns to the right
    left = "ABCDEFGHIJK"[width + 2]
    right = "ABCDEFGHIJK"[width + 1 + n_items]
    b = "ABCDEFGHIJK"[width]
    user_cells, item_cells = f"B{top}:{b}{top + n_users - 1}", f"{left}{top - 1 - width}:{right}{top - 2}"
    rated = f"{left}{top}:{right}{top + n_users - 1}"
    book = recalculated(
        path, [("Start", f"{left}{top}", 2), ("Start", "B5", 0.4)]
    )  # by hand, as a person would
    start = book["Start"]
    R, lr = numbers(start, rated), 0.4
    assert R[0, 0] == 2 and R.isnan().sum() == 7
    U, V = numbers(start, user_cells), numbers(start, item_cells)
    assert U.shape == (n_users, width) and V.shape == (width, n_items)
    known = ~R.isnan()
    for k in range(1, n_steps + 1):
        U.requires_grad_(), V.requires_grad_()
        pred = U[:, :n_factors] @ V[:n_factors] + (U[:, n_factors:].sum(1, True) + V[n_factors:].sum(0)) * m
        loss = ((pred - R.nan_to_num()) ** 2)[known].mean()
        loss.backward()
        sheet = book[f"Step {k}"]
        same(torch.tensor(float(sheet["B5"].value), dtype=torch.float64), loss.detach().sqrt())
        tall = width + n_users + 4
        for n, (users, items, middle) in enumerate(
            ((U, V, pred), (U.grad, V.grad, None), (U - lr * U.grad, V - lr * V.grad, None))
        ):
            row = 7 + n * tall + 3 + width
            same(numbers(sheet, f"B{row}:{b}{row + n_users - 1}"), users.detach())
            same(numbers(sheet, f"{left}{row - 1 - width}:{right}{row - 2}"), items.detach())
            if middle is not None:
                same(numbers(sheet, f"{left}{row}:{right}{row + n_users - 1}"), middle.detach())
        U, V = (U - lr * U.grad).detach(), (V - lr * V.grad).detach()


@needs_office
@pytest.mark.slow
def test_the_network_is_what_torch_computes(tmp_path):
    path = spreadsheet.network(tmp_path / "x.xlsx", 2, n_rows=6, n_steps=4)
    book = recalculated(path, [("Start", "B5", 1.5), ("Start", "B10", -0.7)])
    start = book["Start"]
    W1, W2 = numbers(start, "B10:F11"), numbers(start, "B15:D15")[0]
    assert W1[0, 0] == -0.7
    x, y = numbers(start, "B19:F24"), numbers(start, "G19:G24")[:, 0]
    assert set(y.tolist()) == {0, 1} and (x[:, -1] == 1).all()
    for k in range(1, 5):
        W1.requires_grad_(), W2.requires_grad_()
        z = x @ W1.T
        h = torch.cat([z.relu(), torch.ones(6, 1)], 1)
        out = h @ W2
        for t in (z, h, out):
            t.retain_grad()
        loss = binary_cross_entropy_with_logits(out, y)
        loss.backward()
        sheet = book[f"Step {k}"]
        for where, what in (
            ("B3:B3", loss.detach()[None, None]),
            ("B4:B4", ((out > 0) == (y > 0.5)).double().mean()[None, None]),
            ("H15:I20", z.detach()),
            ("K15:M20", h.detach()),
            ("O15:O20", out.detach()[:, None]),
            ("P15:P20", out.detach().sigmoid()[:, None]),
            ("T15:T20", out.grad[:, None]),
            ("V15:W20", h.grad[:, :2]),
            ("Y15:Z20", z.grad),
            ("B23:F24", W1.grad),
            ("K23:M23", W2.grad[None]),
            ("B27:F28", (W1 - 1.5 * W1.grad).detach()),
            ("K27:M27", (W2 - 1.5 * W2.grad).detach()[None]),
        ):
            same(numbers(sheet, where), what)
        W1, W2 = (W1 - 1.5 * W1.grad).detach(), (W2 - 1.5 * W2.grad).detach()


@needs_office
@pytest.mark.slow
def test_the_optimizers_are_those_of_torch(tmp_path):
    n = 30
    book = recalculated(spreadsheet.optimizers(tmp_path / "x.xlsx", n_points=7, n_steps=n))
    x, y = numbers(book["Points"], "A10:B16").T
    optim = torch.optim
    for name, make in {
        "SGD": lambda p: optim.SGD(p, lr=0.01),
        "Momentum": lambda p: optim.SGD(p, lr=0.002, momentum=0.9),
        "RMSProp": lambda p: optim.RMSprop(p, lr=0.1, alpha=0.99),
        "Adam": lambda p: optim.Adam(p, lr=0.3, betas=(0.9, 0.99)),
    }.items():
        line = torch.ones(2, dtype=torch.float64, requires_grad=True)
        opt, lines, losses = make([line]), [], []
        for k in range(n):
            losses.append(((line[0] * x + line[1] - y) ** 2).mean().item())
            opt.zero_grad()
            ((line[0] * x[k % 7] + line[1] - y[k % 7]) ** 2).backward()
            opt.step()
            lines.append(line.tolist())
        sheet = book[name]
        got = torch.stack([column_of(sheet, "new a"), column_of(sheet, "new b")], 1)
        same(got, torch.tensor(lines, dtype=torch.float64))
        same(column_of(sheet, "loss"), torch.tensor(losses, dtype=torch.float64))
        same(column_of(book["Compare"], name), torch.tensor(losses, dtype=torch.float64))


@needs_office
@pytest.mark.slow
def test_no_cell_shows_an_error(tmp_path):
    for write in (spreadsheet.collab, spreadsheet.network, spreadsheet.optimizers):
        book = recalculated(write(tmp_path / f"{write.__name__}.xlsx", n_steps=3))
        values = [c.value for ws in book for row in ws.iter_rows() for c in row]
        assert not [v for v in values if isinstance(v, str) and v.startswith("#")]
