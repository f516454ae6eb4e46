"""``medae latent``: encode series, and say where their slices lie in a model's latent space."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medae.cli import options as given
from medae.cli.run_report import write_whole
from medae.cli.terminal import Terminal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medae.jobs.job import LatentJob
    from medae.jobs.questions import Cluster, Question

HDBSCAN = "hdbscan"


def latent(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A name from 'medae models list'.")],
    source: given.Input,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, metavar="FILE", help="Write features as .csv or .parquet.")
    ] = None,
    clusters: Annotated[
        str | None, typer.Option(metavar="K|hdbscan", help="Group the slices: a number for k-means, or hdbscan.")
    ] = None,
    umap: Annotated[bool, typer.Option("--umap", help="Add UMAP coordinates to the table.")] = False,
    compression: Annotated[bool, typer.Option("--compression", help="Bits per pixel and error, beside PCA.")] = False,
    samples: Annotated[
        Path | None,
        typer.Option(dir_okay=False, metavar="PNG", help="Write 16 images drawn from the prior N(0, I)."),
    ] = None,
    fitted: Annotated[
        bool, typer.Option("--fitted", help="Draw them from a normal distribution fitted to the codes instead.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the samples.")] = 0,
    names: Annotated[bool, typer.Option("--names", help="Write file names into the table too.")] = False,
    modality: given.ModalityName = None,
    device: given.DeviceName = "auto",
    overwrite: given.Overwrite = False,
    as_json: given.AsJson = False,
    report_file: given.ReportFile = None,
) -> None:
    """Encode IN by MODEL: features for statistics, groups of slices, compression, samples.

    One row per slice (or patch, for models of patches): reconstruction error, anomaly score, principal components
    and the code. Nothing of the patient but file names, and those only with --names, is written.
    """
    from medae.jobs.job import LatentJob
    from medae.jobs.questions import Compress, ExportFeatures, Sample

    given.check_report(report_file, source)
    cluster = parse_clusters(clusters)
    if samples is not None:
        check_picture(samples, overwrite=overwrite)
    table = None
    if out is not None:
        table = ExportFeatures(out=out, cluster=cluster, umap=umap, names=names, overwrite=overwrite)
    terminal = Terminal(quiet=as_json)
    job = LatentJob(paths=(source,), model=model, modality=None if modality is None else modality.dicom, device=device)
    facts = summary(model, _ask(job, f"Encoding by {model}", terminal))
    for note in facts["notes"]:
        terminal.warn(note)
    if cluster is not None:
        facts["clusters"] = _counted(_ask(about(job, cluster), "Grouping", terminal))
    if compression:
        facts["compression"] = _ask(about(job, Compress()), "Measuring compression", terminal)
    if samples is not None:
        drawn = Sample(seed=seed, source="fitted" if fitted else "prior")
        _write_grid(samples, _ask(about(job, drawn), "Sampling", terminal)["images"])
        facts["samples"] = str(samples)
    if table is not None:
        _ask(about(job, table), "Writing the table", terminal)
        facts["table"] = str(out)
    _tell(facts, report_file, as_json=as_json)


def _tell(facts: dict[str, Any], report_file: Path | None, *, as_json: bool) -> None:
    text = json.dumps(facts, indent=2)
    if report_file is not None:
        write_whole(report_file, text + "\n")
    typer.echo(text if as_json else as_text(facts))


def about(job: "LatentJob", question: "Question") -> "LatentJob":
    """Ask something else of the same latent space."""
    return job.model_copy(update={"question": question})


def _ask(job: "LatentJob", title: str, terminal: Terminal) -> Any:
    from medae.jobs.run import run

    with terminal.task(title) as report:
        return run(job, report).answer


def parse_clusters(text: str | None) -> "Cluster | None":
    """Read ``--clusters``."""
    from medae.jobs.questions import Cluster

    if text is None:
        return None
    if text.lower() == HDBSCAN:
        return Cluster(method="hdbscan")
    if not text.isdigit() or not 2 <= int(text) <= 100:
        raise typer.BadParameter(f"{text!r} is neither a number from 2 to 100 nor hdbscan", param_hint="'--clusters'")
    return Cluster(count=int(text))


def check_picture(path: Path, *, overwrite: bool) -> None:
    """Refuse a name that cannot be written."""
    if path.suffix.lower() != ".png":
        raise typer.BadParameter(f"{path.name} must end in .png", param_hint="'--samples'")
    if path.exists() and not overwrite:
        raise typer.BadParameter(f"{path} exists already; give --overwrite to replace it", param_hint="'--samples'")


def summary(model: str, found: dict[str, Any]) -> dict[str, Any]:
    """Sum up the map in JSON values; series by number only."""
    return {
        "model": model,
        "series": len(found["sources"]),
        "points": len(found["points"]),
        "numbers_per_code": int(found["numbers"]),
        "explained_variance": [round(float(share), 4) for share in found["explained"]],
        "error": {"mean": float(found["error"].mean()), "largest": float(found["error"].max())},
        "score": {"is": found["score_is"], "largest": float(found["score"].max())},
        "most_unusual": [
            {"series": int(found["series"][n]) + 1, "slice": int(found["slices"][n]), "score": float(found["score"][n])}
            for n in found["score"].argsort()[::-1][:5]
        ],
        "device": found["device"],
        "notes": found["notes"],
    }


def as_text(facts: dict[str, Any]) -> str:
    """Lines for people."""
    shares = " + ".join(f"{100 * share:.0f}" for share in facts["explained_variance"][:4])
    lines = [
        f"{facts['points']} slices or patches of {facts['series']} series, {facts['numbers_per_code']} numbers each",
        f"  principal directions explain {shares} % of the variance",
        f"  reconstruction error         mean {facts['error']['mean']:.5f}, largest {facts['error']['largest']:.5f}",
        f"  score                        {facts['score']['is']}",
    ]
    lines += [f"    series {n['series']}, slice {n['slice']}: {n['score']:.1f}" for n in facts["most_unusual"]]
    if "clusters" in facts:
        found = facts["clusters"]
        apart = "" if found["silhouette"] is None else f", silhouette {found['silhouette']:.2f}"
        lines.append(f"  clusters                     {', '.join(map(str, found['sizes']))} points{apart}")
    if "compression" in facts:
        lines.append(f"  compression                  {facts['compression']['sentence']}")
        lines += [
            f"    {rate['method']:<5}  {rate['bits']:>2} bits x {rate['numbers']:.0f} = {rate['bits_per_pixel']:.4f} "
            f"bits per pixel, {rate['psnr']:.2f} dB"
            for rate in facts["compression"]["rates"]
        ]
    lines += [f"  written                      {facts[key]}" for key in ("samples", "table") if key in facts]
    return "\n".join(lines)


def _counted(clusters: Any) -> dict[str, Any]:
    labels = clusters["labels"]
    sizes = [int((labels == label).sum()) for label in range(clusters["count"])]
    return {"sizes": sizes, "in_none": int((labels < 0).sum()), "silhouette": clusters["silhouette"]}


def _write_grid(path: Path, images: "NDArray[np.uint8]", across: int = 4) -> None:
    """Write (n, rows, columns) side by side, whole or not at all."""
    import uuid

    import numpy as np
    from PIL import Image

    from medae.errors import ExportError

    rows = [np.concatenate(images[n : n + across], axis=1) for n in range(0, len(images), across)]
    temporary = path.with_name(f".medae-{uuid.uuid4().hex[:8]}.png")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            Image.fromarray(np.concatenate(rows)).save(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ExportError(f"{path} cannot be written ({error.strerror}); choose another place") from error
