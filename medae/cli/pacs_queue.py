"""``medae pacs queue``: what waits to be sent, and what was received."""

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medae.cli import options as given
from medae.errors import SettingsError

if TYPE_CHECKING:
    from medae.pacs.send_queue import Batch, SendQueue
    from medae.pacs.spool import Arrival, Spool

app = typer.Typer(help="List what is sent and was received; try again, remove.", invoke_without_command=True)

Name = Annotated[str, typer.Argument(metavar="ID", help="The first characters of an id are enough.")]


@app.callback()
def queue(context: typer.Context, as_json: given.AsJson = False) -> None:
    """List what waits to be sent or was sent, and the series that were received."""
    if context.invoked_subcommand is not None:
        return
    from medae.pacs.state import opened

    with opened() as (sending, spool):
        batches, arrivals = sending.batches(), spool.arrivals()
    if as_json:
        facts = {"send": [batch_facts(one) for one in batches], "received": [arrival_facts(one) for one in arrivals]}
        typer.echo(json.dumps(facts, indent=2))
        return
    tell(batches, as_json=False)
    for one in arrivals:
        text = f"  {one.message}" if one.message else ""
        typer.echo(f"{one.key[:8]}  received from {one.calling}  {len(one.files())} images  {one.state}{text}")
    if not batches and not arrivals:
        typer.echo("Nothing waits, nothing was received.")


@app.command("retry")
def retry(name: Name) -> None:
    """Try once more: to send a batch now, or to process a received series by the rules of now.

    The window or 'medae pacs listen' does the work; 'medae pacs queue run' sends here.
    """
    from medae.pacs.state import opened

    with opened() as (sending, spool):
        batch, arrival = _find(sending, spool, name)
        if batch is not None:
            sending.again(batch.id)
        elif arrival is not None:
            spool.again(arrival.key)
    typer.echo(f"{name} is tried again.")


@app.command("remove")
def remove(name: Name) -> None:
    """Forget a batch, or delete a received series."""
    from medae.pacs.state import opened

    with opened() as (sending, spool):
        batch, arrival = _find(sending, spool, name)
        if batch is not None:
            sending.remove(batch.id)
        elif arrival is not None:
            spool.remove(arrival)
    typer.echo(f"{name} is removed.")


@app.command("run")
def run(as_json: given.AsJson = False) -> None:
    """Send here and now what is due, and tell how it went."""
    from medae.cli.interrupt import stoppable
    from medae.cli.terminal import Terminal
    from medae.pacs.sender import send_due
    from medae.pacs.state import opened

    with opened() as (sending, _):
        with Terminal(quiet=as_json).task("Sending") as show, stoppable(show) as report:
            send_due(sending, report=report)
        tell(sending.batches(), as_json=as_json)


def _find(sending: "SendQueue", spool: "Spool", name: str) -> "tuple[Batch | None, Arrival | None]":
    """Find what an id begins, among batches and received series."""
    batches = [one for one in sending.batches() if one.id.startswith(name)]
    arrivals = [one for one in spool.arrivals() if one.key.startswith(name)]
    if len(batches) + len(arrivals) != 1:
        problem = "Nothing" if not batches and not arrivals else "More than one entry"
        raise SettingsError(f"{problem} in the queue is called {name!r}; 'medae pacs queue' lists everything.")
    return (batches[0], None) if batches else (None, arrivals[0])


def tell(batches: "Sequence[Batch]", *, as_json: bool) -> None:
    """Print batches, one a line, or as JSON."""
    if as_json:
        typer.echo(json.dumps([batch_facts(one) for one in batches], indent=2))
        return
    for one in batches:
        text = f"  {one.message}" if one.message else ""
        typer.echo(
            f"{one.id[:8]}  to {one.node}  {one.title}  {one.state}: {one.sent} sent, {one.waiting} waiting, "
            f"{one.refused} not sent{text}"
        )


def batch_facts(one: "Batch") -> dict[str, Any]:
    """Give what is known about a batch as plain JSON values."""
    due = _time(one.not_before) if one.not_before and one.waiting else None
    return {
        "id": one.id,
        "node": one.node,
        "title": one.title,
        "state": one.state,
        "sent": one.sent,
        "waiting": one.waiting,
        "refused": one.refused,
        "attempts": one.attempts,
        "next_attempt": due,
        "message": one.message,
        "added": _time(one.added),
    }


def arrival_facts(one: "Arrival") -> dict[str, Any]:
    """Give what is known about a received series as plain JSON values."""
    return {
        "id": one.key,
        "calling_ae_title": one.calling,
        "series_instance_uid": one.series_instance_uid,
        "state": one.state,
        "images": len(one.files()),
        "message": one.message,
        "changed": _time(one.changed),
        "folder": str(one.folder),
    }


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds))
