"""Command line: one function a command."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from nbsmodel.errors import InputError, Problem, Problems, grouped

app = typer.Typer(
    name="nbsmodel",
    help="Cost-effectiveness models of newborn screening: declared as data, run from YAML to report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

#: A simulation that takes longer shows how far it is, in seconds.
PATIENCE = 2.0

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
    seed: Annotated[int | None, typer.Option(help="Seed of draws and of simulated children.")] = None,
    draws: Annotated[
        int | None, typer.Option(min=1, help="Draws of the probabilistic analysis, which this switches on.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads. Default: one for each processor, at most 8.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the draws of a run that was stopped.")] = False,
    confidential: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Confidential prices, for a verdict in words; they are written nowhere."),
    ] = None,
    trace_individual: Annotated[
        int | None,
        typer.Option("--trace-individual", metavar="N", min=0, help="Only print the life of simulated child N."),
    ] = None,
) -> None:
    """Run a config and write tables, figures and a report."""
    from nbsmodel.run.panel import PanelOutput
    from nbsmodel.run.run import run as run_config
    from nbsmodel.run.show import cea_for_people
    from nbsmodel.run.show_panel import panel_for_people

    given = {"seed": seed, "analyses.psa.draws": draws}
    sets = [*(set_ or ()), *(f"{key}={value}" for key, value in given.items() if value is not None)]
    if trace_individual is not None:
        print(_life(config, sets, trace_individual))
        return
    with _Watch(config.name, quiet) as watch:
        output = run_config(
            config, sets, out, force, threads=threads, resume=resume, confidential=confidential,
            step=watch.step,
            tell=watch.progress.console.print,
        )  # fmt: skip
    if quiet:
        return
    assert output.folder is not None
    if isinstance(output, PanelOutput):
        print(panel_for_people(output.panel, output.tables))
    else:
        print(cea_for_people(output.scenario, output.tables))
    print(f"\nReport:  {output.folder / 'report.html'}")
    print(f"Tables:  {output.folder}")


@app.command(epilog="Example: nbsmodel scenarios configs/my_condition --out results/all")
def scenarios(
    paths: Annotated[list[Path], typer.Argument(help="Config files, or folders of them.")],
    out: Annotated[Path | None, typer.Option(help="Output folder. Default: results/scenarios.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change every scenario. May be repeated.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace earlier results in the output folder.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Run scenarios at base values: one table of results, one of what differs, a figure."""
    from nbsmodel.run.compare import compare
    from nbsmodel.run.show_scenarios import scenarios_for_people

    with _Watch("scenarios", quiet) as watch:
        found = compare(paths, set_ or (), out, force, step=watch.step)
    if quiet:
        return
    print(scenarios_for_people(found.tables))
    print(f"\nTables:  {found.folder}")


@app.command(epilog="Example: nbsmodel validate my_model my_config.yaml, or nbsmodel validate configs models")
def validate(
    paths: Annotated[list[Path], typer.Argument(help="Config files, model folders, or folders that hold some.")],
) -> None:
    """Check configs and model folders: every problem at once."""
    from nbsmodel.run.find import find_all
    from nbsmodel.run.validate import validate as check

    with _Watch("validate", quiet=not sys.stderr.isatty()) as watch:
        problems, notes = check(paths, step=watch.step)
    for note in notes:
        print(f"note: {note}")
    if problems:
        _report(problems)
        raise typer.Exit(WRONG_INPUT)
    print(f"{len(find_all(paths, Problems()))} checked, no problem found.")


@app.command(epilog="Example: nbsmodel reproduce my_model")
def reproduce(
    models: Annotated[
        list[Path] | None, typer.Argument(help="Model folders, or folders that hold models. Default: models.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for reproduction.csv.")] = Path("results/reproduction"),
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the table as a page of Markdown as well.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier reproduction.csv there.")] = False,
) -> None:
    """Published results beside ours, for every model that has any. Exit code 1 when one falls short."""
    from nbsmodel.run.ledger import reproduce_all
    from nbsmodel.run.reproduce import falls_short
    from nbsmodel.run.show import reproduction_for_people

    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
    ) as progress:
        task = progress.add_task("reproducing")
        table = reproduce_all(models, out, force, lambda text: progress.update(task, description=text), markdown)
    print(reproduction_for_people(table))
    print(f"\nTable:  {out / 'reproduction.csv'}")
    if markdown is not None:
        print(f"Page:   {markdown}")
    if falls_short(table):
        raise typer.Exit(FALLS_SHORT)


@app.command(epilog="Example: nbsmodel calibrate my_model --out results/calibration")
def calibrate(
    config: Annotated[Path, typer.Argument(metavar="MODEL_OR_CONFIG", help="Model folder, or a config that names it.")],
    out: Annotated[Path | None, typer.Option(help="Output folder. Default: results/calibration/<name>.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, override or choice. May be repeated."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace earlier results in the output folder.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Fit parameters to the targets of calibration.yaml. Exit code 1 when one is not met."""
    from nbsmodel.run.calibrate import calibrate as fit
    from nbsmodel.run.show_calibration import calibration_for_people

    with _Watch(config.name, quiet) as watch:
        found = fit(config, set_ or (), out, force, step=watch.step)
    if not quiet:
        print(calibration_for_people(found.tables, found.schema.title))
        print(f"\nTables:  {found.folder}")
    if not found.met:
        raise typer.Exit(FALLS_SHORT)


@app.command(epilog="Example: nbsmodel reference uk_utility_norms")
def reference(
    name: Annotated[str | None, typer.Argument(help="A shipped table. Default: a list of all.")] = None,
) -> None:
    """Reference inputs shipped with nbsmodel: life tables, utility norms, births, cost indices."""
    from nbsmodel.run.show_reference import reference_for_people

    print(reference_for_people(name))


def _life(config: Path, sets: list[str], individual: int) -> str:
    from nbsmodel.config.scenario import load_scenario
    from nbsmodel.run.simulate import life_text

    return life_text(load_scenario(config, sets), individual)


class _Watch:
    """What is shown while a config runs: a spinner, and a bar for work that has tried people's patience."""

    def __init__(self, name: str, quiet: bool) -> None:
        self.started, self.doing = time.monotonic(), ""
        columns = (
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), _WhenKnown(BarColumn()),
            _WhenKnown(TimeRemainingColumn(compact=True)), _WhenKnown(TextColumn("left")),
        )  # fmt: skip
        self.progress = Progress(*columns, console=Console(stderr=True, quiet=quiet), transient=True)
        self.task = self.progress.add_task(f"running {name}", total=None)

    def __enter__(self) -> _Watch:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def step(self, text: str, done: int, work: int) -> None:
        """Take note of what is done, how much of it, and how much there is (0 when that is not known)."""
        if text != self.doing:  # a new piece of work has its own time left
            self.doing = text
            self.progress.reset(self.task, total=None, description=text)
        if work and time.monotonic() - self.started > PATIENCE:
            counted = f"{text}: {done:,} of {work:,}"
            self.progress.update(self.task, description=counted, completed=done, total=work)


class _WhenKnown(ProgressColumn):
    """A column that stays empty until it is known how much there is to do."""

    def __init__(self, column: ProgressColumn) -> None:
        self.column = column
        super().__init__(Column(no_wrap=True))

    def render(self, task: Task) -> RenderableType:
        return Text() if task.total is None else self.column.render(task)


def _say_stopped() -> None:
    print("stopped; nothing was written, earlier results are as they were.", file=sys.stderr)


def _report(problems: list[Problem] | tuple[Problem, ...]) -> None:
    said = grouped(problems)
    print(f"{len(said)} problem{'s' if len(said) != 1 else ''}:", file=sys.stderr)
    for text in said:
        print(f"  {text}", file=sys.stderr)


def main() -> None:
    """Entry point: mistakes of the user become messages and exit code 2."""
    try:
        app()
    except InputError as error:
        _report(error.problems)
        sys.exit(WRONG_INPUT)
    except KeyboardInterrupt:
        _say_stopped()
        sys.exit(STOPPED)
    except SystemExit as stop:
        if stop.code == STOPPED:  # the command line library has caught the interrupt before us
            _say_stopped()
        raise
    except OSError as error:
        print(f"1 problem:\n  {error.filename or ''}: {error.strerror}.", file=sys.stderr)
        sys.exit(WRONG_INPUT)


if __name__ == "__main__":
    main()
