"""Command line: ``nbsmodel run``, ``validate`` and ``reproduce``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from nbsmodel.errors import InputError, Problem

app = typer.Typer(
    name="nbsmodel",
    help="Cost-effectiveness models of newborn screening: declared as data, run from YAML to report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

FALLS_SHORT, WRONG_INPUT, STOPPED = 1, 2, 130


@app.callback()
def _app() -> None:
    """Cost-effectiveness models of newborn screening."""


@app.command(epilog="Example: nbsmodel run my_config.yaml --set overrides.p_uptake=0.9 --out results/low")
def run(
    config: Annotated[Path, typer.Argument(help="Config file, or a model folder as it is.")],
    out: Annotated[Path | None, typer.Option(help="Output folder. Default: results/<config name>.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, override or choice. May be repeated."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace earlier results in the output folder.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Run a config and write tables, figures and a report."""
    from nbsmodel.run.run import run as run_config
    from nbsmodel.run.show import cea_for_people

    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=quiet,
    ) as progress:
        progress.add_task(f"running {config.name}")
        output = run_config(config, set_ or (), out, force)
    if quiet:
        return
    assert output.folder is not None
    print(cea_for_people(output.scenario, output.tables))
    print(f"\nReport:  {output.folder / 'report.html'}")
    print(f"Tables:  {output.folder}")


@app.command(epilog="Example: nbsmodel validate my_model my_config.yaml")
def validate(
    paths: Annotated[list[Path], typer.Argument(help="Config files or model folders.")],
) -> None:
    """Check configs and model folders: every problem at once."""
    from nbsmodel.run.validate import validate as check

    problems, notes = check(paths)
    for note in notes:
        print(f"note: {note}")
    if problems:
        _report(problems)
        raise typer.Exit(WRONG_INPUT)
    print(f"{len(paths)} checked, no problem found.")


@app.command(epilog="Example: nbsmodel reproduce my_model")
def reproduce(
    models: Annotated[
        list[Path] | None, typer.Argument(help="Model folders. Default: every one below models/ with published.yaml.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for reproduction.csv.")] = Path("results/reproduction"),
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier reproduction.csv there.")] = False,
) -> None:
    """Published results beside ours, for every model that has any. Exit code 1 when one falls short."""
    from nbsmodel.run.reproduce import falls_short, reproduce_all
    from nbsmodel.run.show import reproduction_for_people

    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
    ) as progress:
        task = progress.add_task("reproducing")
        table = reproduce_all(models, out, force, lambda text: progress.update(task, description=text))
    print(reproduction_for_people(table))
    print(f"\nTable:  {out / 'reproduction.csv'}")
    if falls_short(table):
        raise typer.Exit(FALLS_SHORT)


def _report(problems: list[Problem] | tuple[Problem, ...]) -> None:
    print(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}:", file=sys.stderr)
    for problem in problems:
        print(f"  {problem}", file=sys.stderr)


def main() -> None:
    """Entry point: mistakes of the user become messages and exit code 2."""
    try:
        app()
    except InputError as error:
        _report(error.problems)
        sys.exit(WRONG_INPUT)
    except KeyboardInterrupt:
        print("stopped; nothing was written.", file=sys.stderr)
        sys.exit(STOPPED)
    except OSError as error:
        print(f"1 problem:\n  {error.filename or ''}: {error.strerror}.", file=sys.stderr)
        sys.exit(WRONG_INPUT)


if __name__ == "__main__":
    main()
