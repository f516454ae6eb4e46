"""``medae pacs nodes``, ``rules``, ``listener``: whom MedAE talks to, and what it does with what it is sent."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from medae.cli import options as given
from medae.errors import SettingsError

if TYPE_CHECKING:
    from medae.settings import PacsSettings

app = typer.Typer(help="List, add and remove DICOM nodes and DICOMweb servers.", invoke_without_command=True)
rules = typer.Typer(help="List, add and remove rules for pushed series.", invoke_without_command=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="How you call it.")]
CaFile = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="PEM file of the authority to trust.")]
Certificate = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Own certificate, PEM.")]
Key = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="Key of the own certificate, PEM.")]
Tls = Annotated[bool | None, typer.Option("--tls/--no-tls", help="Talk encrypted.")]


@app.callback()
def nodes(context: typer.Context, as_json: given.AsJson = False) -> None:
    """List the nodes."""
    from medae.nodes import DicomNode
    from medae.settings import PacsSettings

    if context.invoked_subcommand is not None:
        return
    known = PacsSettings.load().nodes
    if as_json:
        typer.echo(json.dumps([node.model_dump(mode="json") for node in known], indent=2))
        return
    for node in known:
        if isinstance(node, DicomNode):
            tls = ", TLS" if node.tls else ""
            typer.echo(
                f"{node.name}  {node.ae_title} at {node.host}:{node.port}{tls}, fetched by C-{node.retrieve.upper()}"
            )
        else:
            typer.echo(f"{node.name}  {node.url}{f', user {node.user}' if node.user else ''}")
    if not known:
        typer.echo("No nodes yet; add one with 'medae pacs nodes add'.")


@app.command("add")
def add(
    name: Name,
    ae_title: Annotated[str | None, typer.Option(help="AE title of a DICOM node.")] = None,
    host: Annotated[str | None, typer.Option(help="Its host name or IP address.")] = None,
    port: Annotated[int | None, typer.Option(help="Its port.")] = None,
    tls: Tls = None,
    retrieve: Annotated[str | None, typer.Option(metavar="get|move", help="How to fetch from it.")] = None,
    url: Annotated[str | None, typer.Option(help="Root of a DICOMweb server, instead of AE title and host.")] = None,
    user: Annotated[
        str | None, typer.Option(help="User there; 'medae pacs nodes password' takes the password.")
    ] = None,
    ca_file: CaFile = None,
    certificate: Certificate = None,
    key: Key = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds without an answer that are too many.")] = None,
) -> None:
    """Add a node, or replace the one of that name."""
    from medae.nodes import Node
    from medae.settings import PacsSettings

    fields: dict[str, Any] = {
        "kind": "dicomweb" if url else "dicom",
        "name": name,
        "ae_title": ae_title,
        "host": host,
        "port": port,
    }
    fields |= {"tls": tls, "retrieve": retrieve, "url": url, "user": user, "timeout": timeout}
    fields |= {"ca_file": _absolute(ca_file), "certificate": _absolute(certificate), "key": _absolute(key)}
    PacsSettings.load().with_node(_checked(Node, fields)).save()
    typer.echo(f"Node {name} is kept; try it with 'medae pacs echo {name}'.")


@app.command("remove")
def remove(name: Name) -> None:
    """Remove a node, its password, and the rules that send to it."""
    from medae.nodes import DicomwebNode
    from medae.pacs.passwords import forget_password
    from medae.settings import PacsSettings

    settings = PacsSettings.load()
    node = settings.node(name)
    if isinstance(node, DicomwebNode) and node.user:
        forget_password(node)
    settings.without(name).save()
    typer.echo(f"Node {name} is removed.")


@app.command("password")
def password(name: Name) -> None:
    """Ask for the password of a node's user, and keep it in the keyring of the system."""
    from medae.nodes import DicomwebNode
    from medae.pacs.passwords import set_password
    from medae.settings import PacsSettings

    node = PacsSettings.load().node(name)
    if not isinstance(node, DicomwebNode) or not node.user:
        raise SettingsError(f"Node {name!r} has no user, so that it needs no password.")
    set_password(node, typer.prompt(f"Password of {node.user} at {name}", hide_input=True))
    typer.echo("The password is in the keyring.")


@rules.callback()
def list_rules(context: typer.Context, as_json: given.AsJson = False) -> None:
    """List the rules."""
    from medae.settings import PacsSettings

    if context.invoked_subcommand is not None:
        return
    known = PacsSettings.load().rules
    if as_json:
        typer.echo(json.dumps([rule.model_dump(mode="json") for rule in known], indent=2))
        return
    for rule in known:
        typer.echo(f"{rule.name}  {describe(rule.model_dump())} → {rule.denoise} → {rule.destination}")
    if not known:
        typer.echo("No rules yet: pushed series are kept, and nothing is done with them.")


def describe(rule: dict[str, Any]) -> str:
    """Say which series a rule is for."""
    names = {"calling_ae_title": "from", "modality": "modality", "series_description": "series"}
    names |= {"study_description": "study"}
    parts = [f"{word} {rule[field]}" for field, word in names.items() if rule[field]]
    return ", ".join(parts) or "all series"


@rules.command("add")
def add_rule(
    name: Name,
    destination: Annotated[str, typer.Option("--to", metavar="NODE", help="Node that gets the result.")],
    calling: Annotated[str | None, typer.Option("--from", metavar="PATTERN", help="AE title of the sender.")] = None,
    modality: Annotated[str | None, typer.Option(metavar="PATTERN", help="Modality: CT, MR.")] = None,
    series: Annotated[str | None, typer.Option(metavar="PATTERN", help="SeriesDescription: '*thorax*'.")] = None,
    study: Annotated[str | None, typer.Option(metavar="PATTERN", help="StudyDescription.")] = None,
    model: given.Model = "auto",
    strength: given.Strength = 1.0,
    adapt: given.Adapt = False,
    formats: Annotated[str, typer.Option("--format", metavar="LIST", help="dicom, pm, sc, seg, sr.")] = "dicom",
) -> None:
    """Add a rule for pushed series, or replace the one of that name; all rules that fit are followed.

    Formats other than dicom map anomalies as well.
    """
    from medae.nodes import Rule
    from medae.settings import PacsSettings

    allowed = ("dicom", "pm", "sc", "seg", "sr")
    chosen = tuple(given.EXPORTERS[each] for each in given.parse_formats(formats, allowed))
    fields: dict[str, Any] = {
        "name": name,
        "destination": destination,
        "calling_ae_title": calling,
        "modality": modality,
    }
    fields |= {"series_description": series, "study_description": study, "denoise": model, "strength": strength}
    fields |= {"adapt": adapt, "exports": chosen, "detect": chosen != ("derived-series",)}
    PacsSettings.load().with_rule(_checked(Rule, fields)).save()
    typer.echo(f"Rule {name} is kept; it holds for the next series that comes.")


@rules.command("remove")
def remove_rule(name: Name) -> None:
    """Remove a rule."""
    from medae.settings import PacsSettings

    settings = PacsSettings.load()
    if name not in {rule.name for rule in settings.rules}:
        raise SettingsError(f"No rule is called {name!r}; 'medae pacs rules' lists them.")
    settings.without_rule(name).save()
    typer.echo(f"Rule {name} is removed.")


def listener(
    ae_title: Annotated[str | None, typer.Option(help="AE title of MedAE, also as a client.")] = None,
    address: Annotated[str | None, typer.Option(help="Network address; 127.0.0.1: this machine only.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port.")] = None,
    accept: Annotated[str | None, typer.Option(metavar="LIST", help="AE titles that may send; '' for all.")] = None,
    quiet_seconds: Annotated[float | None, typer.Option(help="A series is complete after so long a silence.")] = None,
    keep_hours: Annotated[float | None, typer.Option(help="How long files stay after all was sent.")] = None,
    tls: Tls = None,
    ca_file: CaFile = None,
    certificate: Certificate = None,
    key: Key = None,
    as_json: given.AsJson = False,
) -> None:
    """Show how MedAE listens; each option given changes it, from the next start of 'medae pacs listen'."""
    from medae.nodes import Listener
    from medae.settings import PacsSettings

    settings = PacsSettings.load()
    given_fields: dict[str, Any] = {"ae_title": ae_title, "address": address, "port": port, "tls": tls}
    given_fields |= {"quiet_seconds": quiet_seconds, "keep_hours": keep_hours, "ca_file": _absolute(ca_file)}
    given_fields |= {"certificate": _absolute(certificate), "key": _absolute(key)}
    if accept is not None:
        given_fields["accept"] = tuple(title.strip() for title in accept.split(",") if title.strip())
    if any(value is not None for value in given_fields.values()):
        own = _checked(Listener, {**settings.listener.model_dump(), **_there(given_fields)})
        settings = settings.changed(listener=own)
        settings.save()
    facts = settings.listener.model_dump(mode="json")
    typer.echo(json.dumps(facts, indent=2) if as_json else _text(settings))


def _text(settings: "PacsSettings") -> str:
    return "\n".join(f"{name:14} {value}" for name, value in settings.listener.model_dump(mode="json").items())


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.absolute()


def _there(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _checked(kind: Any, fields: dict[str, Any]) -> Any:
    """Make settings of what was given on the command line; raises `SettingsError` with the first reason."""
    from medae.nodes import first_reason

    try:
        return TypeAdapter(kind).validate_python(_there(fields))
    except ValidationError as error:
        where, reason = first_reason(error)
        option = f"--{where.replace('_', '-')}: " if where in fields else ""
        raise SettingsError(f"{option}{reason}.") from error
