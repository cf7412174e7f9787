"""The verbs of analyses: analyze, runs, retract."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from targetgraph.cli.faults import INTERRUPTED
from targetgraph.cli.options import BuildId, Format, HomeFolder, Output, OutputFormat, Sample
from targetgraph.cli.output import say, write_rows, write_text
from targetgraph.cli.places import home_folder
from targetgraph.cli.publishing import publish_beside_build

if TYPE_CHECKING:
    from analytics.analysis import Analysis
    from analytics.options import OptionInfo
    from analytics.running import PlannedRun
    from warehouse.results.evidence import Evidence
    from warehouse.results.listing import ListedRun
    from warehouse.results.record import Artefact, RunRecord
    from warehouse.results.store import Results


class AnalysisGroup(TyperGroup):
    """One command for each analysis, made from its declaration when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the analyses."""
        from analytics.analysis import analyses

        return list(analyses())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of an analysis."""
        from analytics.running import find_analysis

        one = typer.Typer(add_completion=False, rich_markup_mode=None)
        analysis = find_analysis(cmd_name)
        reference = f" Reference: {analysis.reference}." if analysis.reference else ""
        one.command(cmd_name, help=f"{analysis.title}. {analysis.description}{reference}")(_command(analysis))
        return typer.main.get_command(one)


def add_verbs(app: typer.Typer) -> None:
    """Add the verbs of this group."""
    group = typer.Typer(cls=AnalysisGroup, invoke_without_command=True, rich_markup_mode=None)
    group.callback()(analyze)
    app.add_typer(group, name="analyze")
    app.command()(runs)
    app.command()(retract)


def analyze(
    ctx: typer.Context,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write the page of the docs.")] = False,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
) -> None:
    """Run an analysis and publish what it predicts; without a name, list the analyses."""
    if ctx.invoked_subcommand is not None:
        return
    from analytics.analysis import analyses
    from analytics.page import page

    if markdown:
        write_text(page(analyses().values()), output)
        return
    rows = [
        {"analysis": name, "title": one.title, "predicts": ", ".join(one.predicts), "description": one.description}
        for name, one in analyses().items()
    ]
    write_rows(rows, file_format, output)


def runs(
    run: Annotated[str | None, typer.Argument(help="A run, or the beginning of its name; else all are listed.")] = None,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """List the runs of analyses, also those that were interrupted or failed, or show everything about one."""
    from warehouse.home import Home
    from warehouse.results.listing import listed_runs
    from warehouse.results.store import Results

    place = Home(home_folder(home, sample=sample))
    results = Results(place)
    if run is None:
        content = place.current().receipt()["content_hash"]
        listed = sorted(listed_runs(results), key=lambda one: not one.published)
        write_rows([_run_row(one, content) for one in listed], file_format, output, _RUN_COLUMNS)
        return
    name = results.find(run)
    chosen = next(one for one in listed_runs(results) if one.run == name)
    rows = _details_of_attempt(chosen) if chosen.record is None else _details(place, chosen)
    write_rows(rows, file_format, output)


def retract(
    run: Annotated[str, typer.Argument(help="The run, or the beginning of its name.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Make a retracted run active again.")] = False,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete its results, or what an interrupted run left.")
    ] = False,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    """Take the predictions of a run out of what is asked; its results are kept, so that it can be undone."""
    from warehouse.home import Home
    from warehouse.results.listing import listed_runs
    from warehouse.results.store import Results
    from warehouse.settings import Settings

    if undo and delete:
        raise typer.BadParameter("--undo and --delete are two decisions; take one.")
    place = Home(home_folder(home, sample=sample))
    results = Results(place)
    name = results.find(run)
    if not next(one for one in listed_runs(results) if one.run == name).published:
        _drop(results, name, delete=delete, yes=yes)
        return
    if undo:
        results.activate(name)
        say(f"{name} is active.")
        publish_beside_build(place.current(), Settings())
        return
    if not delete and name not in results.active():
        say(f"{name} is not active; --delete removes its results, --undo makes it active again.")
        return
    if not yes and not _confirmed(name, delete):
        say("Nothing was changed.")
        raise typer.Exit(1)
    results.retract(name, delete=delete)
    say(f"{name} is removed." if delete else f"{name} is retracted; `targetgraph retract {name} --undo` takes it back.")
    publish_beside_build(place.current(), Settings())


def _drop(results: Results, name: str, *, delete: bool, yes: bool) -> None:
    """Remove what a run left that was begun and never published."""
    if not delete:
        say(f"{name} was never published, so there is nothing to retract; --delete drops what it left.")
        return
    if not yes and not _confirmed(name, delete):
        say("Nothing was changed.")
        raise typer.Exit(1)
    attempt = results.attempts.get(name)
    results.drop(name)
    say(f"{name} is dropped.")
    if attempt is not None and attempt.resumable:
        say(f"{attempt.checkpoint} is a folder of your own and stays.")


def _confirmed(name: str, delete: bool) -> bool:
    if not sys.stdin.isatty():
        raise typer.BadParameter("There is nobody to ask; say --yes.")
    what = "Remove the results of" if delete else "Retract"
    return typer.confirm(f"{what} {name}?")


def _command(analysis: Analysis[Any]) -> Callable[..., None]:
    """A function whose parameters are the options of an analysis and those that all runs share."""
    from analytics.options import declared_options

    own = [_parameter(one) for one in declared_options(analysis)]
    shared = list(inspect.signature(_run, eval_str=True).parameters.values())[2:]

    def command(**given: Any) -> None:
        options = {parameter.name: given.pop(parameter.name) for parameter in own}
        _run(analysis.name, options, **given)

    signature = inspect.Signature([*own, *shared])
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *shared]}
    return command


def _parameter(declared: OptionInfo) -> inspect.Parameter:
    """An option of an analysis as Typer reads it from a function."""
    example = "" if declared.example is None else f" (e.g. {declared.example})"
    bounds: dict[str, Any] = {}
    if declared.type in {int, float}:
        bounds = {"min": declared.minimum, "max": declared.maximum}
    flags = f"{declared.flag}/--no-{declared.flag[2:]}" if declared.type is bool else declared.flag
    kind: Any = list[declared.type] if declared.many else declared.type  # type: ignore[name-defined]
    option = typer.Option(flags, help=declared.meaning + example, **bounds)
    default: Any = inspect.Parameter.empty if declared.required else declared.default
    if declared.default is None or (declared.many and not declared.required):
        kind, default = kind | None, None if not declared.required else default
    return inspect.Parameter(
        declared.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option]
    )


def _run(
    name: str,
    options: dict[str, Any],
    *,
    seed: Annotated[int, typer.Option("--seed", help="Fixes the result, whatever the number of workers.")] = 0,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes of this machine; all cores else.", min=1)
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="A Dask scheduler whose workers compute instead.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="Keep what an interruption must not lose in this folder.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Go on from what an interrupted run left.")
    ] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be run, and stop.")] = False,
    build: BuildId = None,
    file_format: Format = OutputFormat.TABLE,
    output: Output = None,
    sample: Sample = False,
    home: HomeFolder = None,
) -> None:
    from analytics.running import Resources, plan_run
    from warehouse.progress import TerminalProgress
    from warehouse.settings import Settings

    progress = TerminalProgress()
    planned = plan_run(name, home_folder(home, sample=sample), build, seed=seed, progress=progress, **options)
    if dry_run:
        write_rows(_plan_rows(planned), file_format, output)
        return
    state = planned.state
    resources = Resources(workers, scheduler or Settings().dask_scheduler, checkpoint, resume)
    if state in {"interrupted", "failed"} and resume:
        say(_taken_up(planned, state))
    try:
        record = planned.execute(resources, progress)
    except KeyboardInterrupt:
        say(f"{planned.run} was interrupted; nothing was published. {_taken_up(planned, None)}")
        raise typer.Exit(INTERRUPTED) from None
    write_rows(_published_rows(record), file_format, output)
    for note in record.notes:
        say(f"note: {note}")
    if record.evidence is not None:
        say(f"Evidence of quality: {record.evidence.verdict}. {record.evidence.reason}".rstrip())
    if not record.counts:
        say(f"{record.run} predicts nothing.")
    say(_TOLD.get(state, _PUBLISHED).format(run=record.run))
    publish_beside_build(planned.home.current(), Settings())


_TOLD = {
    "active": "{run} was published before; it is not published twice.",
    "retracted": "{run} was computed before and retracted; it is active again.",
}
_PUBLISHED = "{run} is published. `targetgraph retract {run}` takes it out."


def _taken_up(planned: PlannedRun, state: str | None) -> str:
    """How a run that was begun before goes on."""
    from warehouse.results.store import Results

    attempts = Results(planned.home).attempts
    attempt = attempts.get(planned.run)
    resumable = any(attempts.checkpoint(planned.run).glob("*")) if attempt is None else attempt.resumable
    if state is None:
        how = "goes on from its checkpoint" if resumable else "begins anew"
        return f"The same command {how}; `targetgraph retract {planned.run} --delete` drops it."
    before = "was interrupted" if state == "interrupted" else "failed before"
    return f"{planned.run} {before}; it {'goes on from its checkpoint' if resumable else 'begins anew'}."


def _plan_rows(planned: PlannedRun) -> list[dict[str, str]]:
    head = {"run": planned.run, "state": planned.state, "build": planned.build.id, "seed": planned.seed}
    told = {**head, **{f"option {name}": value for name, value in planned.parameters.items()}, **planned.details()}
    return [{"what": name, "value": _text(value)} for name, value in told.items()]


def _published_rows(record: RunRecord) -> list[dict[str, str]]:
    rows = [{"kind": "rows", "name": name, "value": f"{count}"} for name, count in record.counts.items()]
    rows += [{"kind": "artefact", "name": one.name, "value": _artefact(one)} for one in record.artefacts]
    return rows + [{"kind": "metric", "name": name, "value": f"{value:.6g}"} for name, value in record.metrics.items()]


#: What `runs` lists, for where no run exists.
_RUN_COLUMNS = ("run", "state", "analysis", "build", "started_at", "seconds", "predictions", "parameters", "remark")


def _run_row(one: ListedRun, content: str) -> dict[str, Any]:
    record, attempt = one.record, one.attempt
    build = "" if attempt is None else attempt.build
    if record is not None:
        build = "current" if record.build_content_hash == content else f"older: {record.build}"
    known = record or attempt
    return {
        "run": one.run,
        "state": str(one.state),
        "analysis": one.analysis,
        "build": build,
        "started_at": known.started_at if known else "",
        "seconds": None if record is None else record.seconds,
        "predictions": None if record is None else sum(record.counts.values()),
        "parameters": _text(_brief(known.parameters)) if known else "",
        "remark": one.remark,
    }


def _brief(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters for a list of runs: of a long list its beginning and how long it is."""
    return {
        name: [*value[:3], f"... {len(value)} in all"] if isinstance(value, list | tuple) and len(value) > 5 else value
        for name, value in parameters.items()
    }


def _details_of_attempt(one: ListedRun) -> list[dict[str, str]]:
    """What is known of a run that is begun and not published, or whose account cannot be read."""
    from dataclasses import asdict

    rows = [("run", "run", one.run), ("run", "state", str(one.state)), ("run", "remark", one.remark)]
    if one.attempt is not None:
        document = asdict(one.attempt)
        rows += [("run", name, document[name]) for name in ("analysis", "seed", "build", "started_at", "checkpoint")]
        rows += [("parameter", name, value) for name, value in document["parameters"].items()]
    return [{"part": part, "name": name, "value": _text(value)} for part, name, value in rows]


def _details(place: Any, one: ListedRun) -> list[dict[str, str]]:
    """Everything about a published run as rows of part, name and value."""
    from dataclasses import asdict

    from warehouse.results.listing import RunState
    from warehouse.warehouse import Warehouse

    record = one.record
    assert record is not None
    active = one.state is RunState.ACTIVE

    document = asdict(record)
    apart = {"parameters": "parameter", "metrics": "metric", "counts": "rows"}
    lists = {"notes", "tables", "artefacts", "evidence"}
    rows = [("run", name, value) for name, value in document.items() if name not in {*apart, *lists}]
    rows.append(("run", "state", str(one.state)))
    rows += [("run", "remark", one.remark)] if one.remark else []
    rows += [(part, name, value) for key, part in apart.items() for name, value in document[key].items()]
    rows += _evidence(record.evidence)
    rows += [("note", "", note) for note in record.notes]
    rows += [("table", f"{record.analysis}_{name}", "in SQL, while the run is active") for name in record.tables]
    rows += [("artefact", one.name, _artefact(one)) for one in record.artefacts]
    if active:
        content = place.current().receipt()["content_hash"]
        rows.append(
            ("run", "reads the current build", "yes" if record.build_content_hash == content else "no, an older one")
        )
        with Warehouse.open(place.root) as warehouse:
            found = warehouse.sql("FROM vanished_members WHERE run = $run ORDER BY ALL", run=record.run)
        rows += [("vanished", f"{one['subject']} {one['type']} {one['object']}", one["reason"]) for one in found]
    return [{"part": part, "name": name, "value": _text(value)} for part, name, value in rows]


def _evidence(evidence: Evidence | None) -> list[tuple[str, str, Any]]:
    """The verdict first, then the figures and what must be known of them."""
    if evidence is None:
        return []
    facts = [("evidence", name, text) for name, text in evidence.facts().items()]
    figures = [("evidence", row["method"], _figure(row)) for row in evidence.rows()]
    return [*facts[:2], *figures, *facts[2:]]


def _figure(row: Mapping[str, Any]) -> str:
    said = _interval(row["value"], row["lower"], row["upper"])
    if row["difference"] is not None:
        ahead = _interval(row["difference"], row["difference_lower"], row["difference_upper"], sign="+")
        said += f"; difference of this run {ahead}"
    return f"{said}. {row['meaning']}".rstrip(". ") + "."


def _interval(value: float, lower: float | None, upper: float | None, sign: str = "") -> str:
    return f"{value:{sign}.3f}" + ("" if lower is None else f" ({lower:{sign}.3f} to {upper:{sign}.3f})")


def _artefact(one: Artefact) -> str:
    return f"{one.media_type}, {one.size_bytes:,} bytes, sha256 {one.sha256}"


def _text(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
