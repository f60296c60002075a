"""The command line: `tipoff train`, `predict`, `explain`, `serve`, and the rest."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from tipoff.errors import TipoffError

app = typer.Typer(
    name="tipoff",
    help="From photos, a table, texts or ratings to a model that you can use and understand.\n\n"
    "Begin with:  tipoff train photos/",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Model = Annotated[Path, typer.Argument(help="A model file, such as things.tipoff.", show_default=False)]


def _say_version(asked: bool) -> None:
    if asked:
        import tipoff

        print(f"tipoff {tipoff.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Say which tipoff this is.", callback=_say_version, is_eager=True),
    ] = False,
) -> None: ...


@app.command()
def train(
    path: Annotated[
        Path,
        typer.Argument(
            help="A folder of class folders (of pictures or text files), of train/ and valid/, or with a CSV; or a table: CSV, TSV, "
            "Parquet, Excel.",
            show_default=False,
        ),
    ],
    target: Annotated[
        list[str] | None, typer.Option(help="The column of a table to predict.", show_default=False)
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            help="A table: rows alike in this column stay on one side of the split.", show_default=False
        ),
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="A table: check on the newest rows by this column.", show_default=False)
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(help="A table: a column not to learn from; may be repeated.", show_default=False),
    ] = None,
    valid_col: Annotated[
        str | None,
        typer.Option(
            help="A table: a column that marks the validation rows, by true and false or train and valid.",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="What the target is: class or number.  [default: by its values]", show_default=False
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(help="Excel: the sheet, by name or number.  [default: the first]", show_default=False),
    ] = None,
    arch: Annotated[
        str | None,
        typer.Option(
            help="Photos: any network of timm or torchvision.  [default: efficientnet_lite0]  Tables: tabm or mlp.  "
            "[default: tabm]  Texts: minilm, awd_lstm, or any network of transformers.  [default: minilm]",
            show_default=False,
        ),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Time to spend; the epochs are planned to fit.", show_default=False)
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Epochs of all layers.  [default: 5 for photos, after one of the head; else as many as the data are worth]",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The model file.  [default: NAME.tipoff]", show_default=False)
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            help="Photos: pixels a side that they are resized to.  [default: 224]", min=1, show_default=False
        ),
    ] = None,
    bs: Annotated[
        int | None,
        typer.Option(
            help="Pictures, rows or texts a batch.  [default: 32 pictures; else what suits the data]",
            min=1,
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides the split and all randomness.")] = 42,
    pretrained: Annotated[
        bool | None,
        typer.Option(
            "--pretrained/--no-pretrained",
            help="Photos, texts: start from pretrained weights, or from scratch.  [default: pretrained]",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but the figures at the end.")
    ] = False,
    debug: Annotated[bool, typer.Option(help="Show the stack of an error.")] = False,
) -> None:
    """Train a model on PATH: what it is, is read from what is there.

    Folders of classes, train and valid folders, or a CSV with a column of file names and one of labels become an image
    classifier; a table with a column of free text, or folders of text files, a text classifier; another
    table becomes a model of its column --target; a table of ratings (user, item, rating) or of who took what becomes
    recommendations. Says what it found, trains, and writes NAME.tipoff and a folder NAME_results/ of pictures.
    """
    from tipoff.cli.settings import Settings, one_target
    from tipoff.cli.train import run_training

    if minutes is not None and epochs is not None:
        raise typer.BadParameter("give --minutes or --epochs, not both")
    run_training(
        Settings(
            path=str(path), target=one_target(path, target or []), arch=arch, minutes=minutes, epochs=epochs, out=None if out is None else str(out),
            size=size, bs=bs, seed=seed, pretrained=pretrained, quiet=quiet, group=group, time=time, leave_out=tuple(leave_out or ()),
            valid_col=valid_col, kind=kind, sheet=sheet,
        )
    )  # fmt: skip


@app.command()
def resume(
    checkpoint: Annotated[
        Path,
        typer.Argument(help="NAME_results/checkpoint.pt of a training that was cut off.", show_default=False),
    ],
    debug: Annotated[bool, typer.Option(help="Show the stack of an error.")] = False,
) -> None:
    """Go on with a training that was cut off, from where it last saved itself, with the same result."""
    from tipoff.cli.train import resume_training

    resume_training(checkpoint)


@app.command()
def predict(
    context: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(help="A model file, such as things.tipoff; not with --url.", show_default=False),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Pictures or folders of pictures; a table; text files, or texts in quotation marks; for ratings nothing, or a "
            "table of somebody's ratings.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Of a table: write it with the answers behind each row (.csv, .tsv, .parquet, .xlsx).",
            show_default=False,
        ),
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Of ratings: for whom; nobody is everybody.", show_default=False)
    ] = None,
    n: Annotated[
        int | None,
        typer.Option(
            "-n", help="Of ratings: how many recommendations.  [default: 10]", min=1, show_default=False
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="Ask a server instead, such as http://localhost:8000; no model is named then.",
            show_default=False,
        ),
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="The token of that server.", envvar="TIPOFF_TOKEN", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a column for each class.")] = False,
    debug: Annotated[bool, typer.Option(help="Show the stack of an error.")] = False,
) -> None:
    """Say what each of FILES shows, answer each row of a table or each text, or recommend. Exit code 1 when nothing could be answered."""
    from tipoff.cli.predict import Asked, run_prediction, run_remote

    if as_json and as_csv:
        raise typer.BadParameter("give --json or --csv, not both")
    if out is not None and (as_json or as_csv):
        raise typer.BadParameter("--out writes a file, --json and --csv the screen; give one of them")
    of_token = context.get_parameter_source("token")
    if url is None and of_token is not None and of_token.name == "COMMANDLINE":  # not of the environment
        raise typer.BadParameter("--token is for a server: give its --url too")
    if url is not None and model is not None and model.endswith(".tipoff"):
        raise typer.BadParameter(f"--url asks a server, which has its own model; leave {model} out")
    form = "json" if as_json else "csv" if as_csv else "text"
    asked = Asked(form, out, user, n)
    if url is not None:
        raise typer.Exit(run_remote(url, token, [*([model] if model else []), *(files or [])], asked))
    if model is None:
        raise typer.BadParameter("which model? tipoff predict NAME.tipoff ..., or --url of a server")
    raise typer.Exit(run_prediction(Path(model), files or [], asked))


@app.command()
def explain(
    model: Model,
    file: Annotated[str, typer.Argument(help="A picture, a table, or a text.", show_default=False)],
    row: Annotated[
        int | None,
        typer.Option(
            help="Of a table: the row, as a spreadsheet counts.  [default: the first]",
            min=1,
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The picture to write.  [default: FILE_explained.png, here]", show_default=False),
    ] = None,
    debug: Annotated[bool, typer.Option(help="Show the stack of an error.")] = False,
) -> None:
    """Draw what the model looked at in a picture, or say which values of a row, or words of a text, spoke for its answer."""
    from tipoff.cli.explain import run_explanation

    run_explanation(model, file, row, out)


@app.command()
def serve(
    path: Annotated[
        Path, typer.Argument(help="A model file, or a folder of model files.", show_default=False)
    ],
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 lets other machines in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port.", min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Processes that answer.", min=1, max=64)] = 1,
    max_upload: Annotated[float, typer.Option(help="MB that a request may hold.", min=0.01)] = 20.0,
    max_pixels: Annotated[
        int, typer.Option(help="Pixels that a picture may have.", min=1, max=100_000_000)
    ] = 50_000_000,
    token: Annotated[
        str | None,
        typer.Option(help="Ask for this token.", envvar="TIPOFF_TOKEN", show_default=False),
    ] = None,
    cors: Annotated[
        list[str] | None,
        typer.Option(
            help="A site whose pages may ask, such as https://shop.example; may be repeated.",
            show_default=False,
        ),
    ] = None,
    log: Annotated[str, typer.Option(help="A line a request: text or json.")] = "text",
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser when it is ready.")
    ] = False,
    debug: Annotated[bool, typer.Option(help="Show the stack of an error.")] = False,
) -> None:
    """Put a model on the web: a page for people, an API for programs.

    Nothing that is sent is kept. Where NAME.onnx lies beside NAME.tipoff, it answers, which is faster and needs no PyTorch.
    """
    from tipoff.cli.serve import run_server
    from tipoff.serve.settings import Settings

    if log not in ("text", "json"):
        raise typer.BadParameter("--log is text or json")
    if token == "":
        raise typer.BadParameter("--token is empty; give a secret, or leave it away")
    run_server(
        path,
        Settings(
            host=host, port=port, workers=workers, max_upload=max_upload, max_pixels=max_pixels, token=token,
            cors=tuple(cors or ()), log=log,
        ),
        open_page,
    )  # fmt: skip


@app.command()
def info(
    model: Model,
    check: Annotated[bool, typer.Option(help="Run the check inputs kept in the file.")] = False,
    debug: Annotated[bool, typer.Option(help="Show the stack of an error.")] = False,
) -> None:
    """Say what a model file holds: classes, figures, network, licence."""
    from tipoff.cli.info import show_info

    show_info(model, check)


@app.command()
def export(
    model: Model,
    onnx: Annotated[bool, typer.Option("--onnx", help="As ONNX: for servers without PyTorch.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="The file to write.  [default: NAME.onnx]", show_default=False)
    ] = None,
    debug: Annotated[bool, typer.Option(help="Show the stack of an error.")] = False,
) -> None:
    """Write MODEL as one ONNX file, from bytes of pictures of any size to probabilities.

    Resizing and normalising are inside. The file is compared with the model on made pictures, and not
    written where they differ.
    """
    from tipoff.cli.export import run_export
    from tipoff.cli.screen import command

    if not onnx:
        raise typer.BadParameter("say as what: --onnx")
    path = run_export(model, out)
    print(f"\nNext:  {command('serve', str(path))}")


@app.command()
def docker(
    model: Annotated[
        Path, typer.Argument(help="A model file, or an ONNX file that was exported.", show_default=False)
    ],
    out: Annotated[
        Path | None, typer.Option(help="The folder to write.  [default: NAME-docker]", show_default=False)
    ] = None,
    wheel: Annotated[
        Path | None,
        typer.Option(help="Install tipoff from this wheel, not from the index.", show_default=False),
    ] = None,
    debug: Annotated[bool, typer.Option(help="Show the stack of an error.")] = False,
) -> None:
    """Write a folder with MODEL and a Dockerfile: a small container that serves it."""
    from tipoff.cli.docker import run_docker

    run_docker(model, out, wheel)


def run(args: list[str] | None = None) -> Any:
    """The entry point: an error of the user's is one block of text and exit code 2; the stack is for --debug."""
    given = sys.argv[1:] if args is None else args
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, TextIOWrapper
        ):  # a file's name may hold what the terminal's encoding cannot write
            stream.reconfigure(errors="backslashreplace")
    try:
        return app(args=given)
    except TipoffError as e:
        if "--debug" in given:
            raise
        from tipoff.cli import screen

        screen.error(str(e))
        sys.exit(2)
    except ModuleNotFoundError as e:
        from tipoff.optional import EXTRAS, lacking

        says_how, known = "pip install" in str(e), (e.name or "").partition(".")[0] in EXTRAS
        if "--debug" in given or not (says_how or known):
            raise
        from tipoff.cli import screen

        screen.error(
            str(e) if says_how else lacking(str(e.name), f"tipoff {given[0]}" if given else "tipoff")
        )
        sys.exit(2)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    run()
