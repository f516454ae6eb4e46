"""``medae pacs``: ask a PACS, fetch from it, send to it, and let it push to MedAE."""

import json
import signal
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medae.cli import options as given
from medae.cli import pacs_nodes, pacs_queue
from medae.cli.group import FAILED
from medae.cli.interrupt import stoppable
from medae.cli.terminal import Terminal
from medae.errors import NodeError, SettingsError

if TYPE_CHECKING:
    from medae.pacs.query import Match
    from medae.pacs.send_queue import Batch, SendQueue
    from medae.progress import Report

app = typer.Typer(help="Ask a PACS, fetch from it, send to it, let it push to MedAE.", no_args_is_help=True)
app.add_typer(pacs_nodes.app, name="nodes")
app.add_typer(pacs_nodes.rules, name="rules")
app.command("listener")(pacs_nodes.listener)
app.add_typer(pacs_queue.app, name="queue")

NodeName = Annotated[str, typer.Argument(metavar="NODE", help="A name from 'medae pacs nodes'.")]
StudyUid = Annotated[str, typer.Option("--study", metavar="UID", help="StudyInstanceUID.")]
SeriesUid = Annotated[str, typer.Option("--series", metavar="UID", help="SeriesInstanceUID.")]


@app.command("echo")
def echo(node: NodeName, as_json: given.AsJson = False) -> None:
    """Ask whether a node is there: C-ECHO, or a search for one study."""
    from medae.pacs import client
    from medae.settings import PacsSettings

    settings = PacsSettings.load()
    seconds = client.echo(settings.node(node), settings.listener)
    if as_json:
        typer.echo(json.dumps({"node": node, "seconds": round(seconds, 4)}))
    else:
        typer.echo(f"{node} answered in {1000 * seconds:.0f} ms.")


@app.command("find")
def find(
    node: NodeName,
    patient_id: Annotated[str, typer.Option(metavar="ID", help="PatientID.")] = "",
    name: Annotated[str, typer.Option(metavar="NAME", help="Beginning of the patient's name, as Doe^John.")] = "",
    date: Annotated[
        str, typer.Option(metavar="DATE", help="20260131, 20260101-20260131, 20260101- or -20260131.")
    ] = "",
    modality: Annotated[str, typer.Option(metavar="NAME", help="CT, MR, …")] = "",
    accession: Annotated[str, typer.Option(metavar="NUMBER", help="AccessionNumber.")] = "",
    description: Annotated[str, typer.Option(metavar="TEXT", help="Any part of the study's description.")] = "",
    study: StudyUid = "",
    series: SeriesUid = "",
    as_json: given.AsJson = False,
) -> None:
    """List studies; with --study the series of that study, with --series too its instances."""
    from medae.pacs import client
    from medae.pacs.query import Query
    from medae.settings import PacsSettings

    settings = PacsSettings.load()
    one = settings.node(node)
    with Terminal(quiet=as_json).task(f"Asking {node}") as show, stoppable(show) as report:
        if study and series:
            found = client.find_instances(one, study, series, settings.listener, report)
        elif study:
            found = client.find_series(one, study, settings.listener, report)
        else:
            query = Query(patient_id, name, date, modality, accession, description)
            found = client.find_studies(one, query, settings.listener, report)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    for each in found:
        typer.echo(_line(each))
    typer.echo(f"{len(found)} found.", err=True)


def _line(found: "Match") -> str:
    if found.level == "IMAGE":
        return found.sop_instance_uid
    count = "" if found.instances is None else f"{found.instances} images"
    facts = [found.date, found.modality, count, found.patient_id, found.patient_name, found.accession_number]
    facts += [found.number, found.description]
    uid = found.series_instance_uid or found.study_instance_uid
    return f"{uid}\n    {'  '.join(fact for fact in facts if fact)}"


@app.command("get")
def get(
    node: NodeName,
    out: given.OutputFolder,
    study: StudyUid,
    series: SeriesUid = "",
    as_json: given.AsJson = False,
) -> None:
    """Fetch a study, or one series of it: one folder per series below OUT."""
    from medae.pacs import client
    from medae.pacs.instance_files import key
    from medae.progress import part
    from medae.settings import PacsSettings

    settings = PacsSettings.load()
    one = settings.node(node)
    fetched: list[dict[str, Any]] = []
    with Terminal(quiet=as_json).task(f"Fetching from {node}") as show, stoppable(show) as report:
        wanted = [series]
        if not series:
            wanted = [found.series_instance_uid for found in client.find_series(one, study, settings.listener)]
        if not wanted:
            raise NodeError(f"Node {node!r} has no series of that study.")
        for number, uid in enumerate(wanted):
            folder = out / f"series-{key(uid)[:8]}"
            progress = part(report, number / len(wanted), (number + 1) / len(wanted))
            paths = client.retrieve(one, study, uid, folder, settings.listener, progress)
            fetched.append({"series_instance_uid": uid, "folder": str(folder), "files": len(paths)})
    if as_json:
        typer.echo(json.dumps(fetched, indent=2))
        return
    for each in fetched:
        typer.echo(f"{each['folder']}: {each['files']} files")


@app.command("move")
def move(
    node: NodeName,
    destination: Annotated[str, typer.Argument(metavar="AE_TITLE", help="AE title of the receiver.")],
    study: StudyUid,
    series: SeriesUid = "",
    as_json: given.AsJson = False,
) -> None:
    """Let a DICOM node send a study or series to another one, which it must know (C-MOVE)."""
    from medae.nodes import DicomNode
    from medae.pacs import client
    from medae.settings import PacsSettings

    settings = PacsSettings.load()
    one = settings.node(node)
    if not isinstance(one, DicomNode):
        raise SettingsError(f"Node {node!r} is a DICOMweb server, which cannot move; fetch with 'medae pacs get'.")
    with Terminal(quiet=as_json).task(f"{node} sends to {destination}") as show, stoppable(show) as report:
        sent = client.move(one, study, series, destination, settings.listener, report)
    typer.echo(json.dumps({"sent": sent}) if as_json else f"{sent} images sent to {destination}.")


@app.command("send")
def send(
    node: NodeName,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", exists=True, help="DICOM files or folders of them.")],
    wait: Annotated[bool, typer.Option(help="Wait until all is sent; otherwise only put it into the queue.")] = True,
    as_json: given.AsJson = False,
) -> None:
    """Send files: by the queue, which tries again after pauses and goes on after a restart."""
    from medae.pacs.files import dicom_files
    from medae.pacs.state import opened
    from medae.settings import PacsSettings

    PacsSettings.load().node(node)
    files, others = dicom_files(paths)
    terminal = Terminal(quiet=as_json)
    if others:
        terminal.warn(f"{others} files are not DICOM and are left out")
    if not files:
        raise SettingsError("There is no DICOM file to send; name files or folders of a DICOM series.")
    with opened() as (queue, _):
        batch = queue.add(node, files, f"{len(files)} files by command line")
        if wait:
            with terminal.task(f"Sending to {node}") as show, stoppable(show) as report:
                _wait_until_sent(queue, batch, report)
        one = queue.batch(batch)
    pacs_queue.tell([one], as_json=as_json)
    if one.refused:
        raise typer.Exit(FAILED)


def _wait_until_sent(queue: "SendQueue", batch: str, report: "Report") -> None:
    """Send, or watch another process send, until nothing of the batch waits."""
    from medae.pacs.sender import send_due

    while (one := queue.batch(batch)).waiting:
        report(one.sent / (one.waiting + one.sent + one.refused), _what_now(one))
        if not send_due(queue, report=report):
            time.sleep(0.3)


def _what_now(batch: "Batch") -> str:
    if not batch.attempts:
        return f"{batch.sent} sent"
    return f"{batch.message} Next attempt in {max(0.0, batch.not_before - time.time()):.0f} s"


@app.command("listen")
def listen(device: given.DeviceName = "auto", as_json: given.AsJson = False) -> None:
    """Take what a PACS pushes, do what the rules say, send the results back; until Ctrl+C.

    Images are confirmed once they are on the disk, and work that was interrupted goes on at the next start.
    With --json one object a line is printed.
    """
    from medae.pacs.station import serve
    from medae.settings import PacsSettings

    own = PacsSettings.load().listener
    stop = threading.Event()

    def tell(event: str, text: str) -> None:
        typer.echo(json.dumps({"event": event, "message": text}) if as_json else text)

    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        serve(
            stop,
            lambda text: tell("changed", text),
            lambda: tell("ready", f"{own.ae_title} listens at {own.address}, port {own.port}. Ctrl+C ends it."),
            device,
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
