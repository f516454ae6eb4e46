"""The words and numbers on and below the panes. No Qt here, and nothing about the patient."""

from math import ceil, isnan

from medae.gui.viewer_model import Content, ViewerModel
from medae.provenance import Provenance
from medae.reslice import is_flat
from medae.volume import HOUNSFIELD

_UNITS = {HOUNSFIELD: "HU", "1": ""}
_AXES = (("R", "L"), ("A", "P"), ("F", "H"))
_TITLES: dict[Content, str] = {
    "original": "Original",
    "denoised": "Denoised",
    "heatmap": "Heatmap",
    "difference": "Denoised − original",
    "swipe": "Original | Denoised",
}


def unit_name(unit: str) -> str:
    """Short name of a UCUM unit: ``HU`` for Hounsfield, nothing for no unit."""
    return _UNITS.get(unit, unit)


def number(value: float, unit: str = "") -> str:
    """Write a value with as many digits as mean something, and its unit."""
    if isnan(value):
        return "padding"
    digits = 0 if abs(value) >= 100 or value == round(value) else 1
    text = f"{value:.{digits}f}" if abs(value) >= 10 or digits == 0 else f"{value:.3g}"
    return f"{text.replace('-', '−')} {unit_name(unit)}".strip()


def title(model: ViewerModel, content: Content) -> str:
    """Name of what a pane shows just now."""
    if model.flicker and content != "difference":
        return f"{_TITLES[model.flicker]} (key held)"
    if content == "denoised" and model.denoised is not None and model.strength != 1.0:
        return f"Denoised · {round(100 * model.strength)} %"
    if content == "heatmap" and model.anomaly_map is not None and not model.show_heatmap:
        return "Original (heatmap off)"
    if content == "heatmap" and model.anomaly_map is not None and model.heatmap_signed and not outside(model):
        return "Heatmap · signed"
    return _TITLES[content]


def outside(model: ViewerModel) -> str:
    """Say that, and in what, the scan lies outside the domain of the model that made the map; empty where it fits."""
    if model.anomaly_map is None or not model.anomaly_map.outside:
        return ""
    return f"Outside the model's domain: {'; '.join(model.anomaly_map.outside)}"


def expected(model: ViewerModel) -> str:
    """Say how many false regions a normal scan shows at the threshold; a dash where that was not measured."""
    normals = None if model.anomaly_map is None else model.anomaly_map.normals
    count = None if normals is None else normals.expected_findings(model.heatmap_threshold)
    if normals is None or count is None:
        return "— false regions per normal scan"
    more = "more than " if model.heatmap_threshold < normals.curve[0][0] else ""
    return f"{more}{count:.1f} false regions per normal scan"


def p_text(p: float | None, scans: int) -> str:
    """Write a p-value, rounded up and never finer than ``scans`` normal scans can tell; a dash where it is unknown."""
    if p is None:
        return "—"
    text = f"{ceil(p * 1000 - 1e-9) / 1000:g}"
    return f"≤ {text}" if p <= (1 + 1e-9) / (scans + 1) else text


def scan_line(model: ViewerModel) -> str:
    """Say how unusual the scan is among normal ones; empty where that is not known, or means nothing."""
    if model.anomaly_map is None or model.scan_p is None or outside(model):
        return ""
    scans = model.anomaly_map.normals.scans
    p = p_text(model.scan_p, scans)
    return f"Whole scan: p {p if p.startswith('≤') else f'= {p}'} against {scans} normal scans"


def made_by(model: ViewerModel, content: Content) -> tuple[str, ...]:
    """Model and device of a result, a line each; empty for the original."""
    steps: tuple[Provenance, ...] = ()
    if content in ("denoised", "difference", "swipe") and model.denoised is not None:
        steps = model.denoised.provenance
    elif content == "heatmap" and model.anomaly_map is not None:
        steps = model.anomaly_map.provenance
    if not steps:
        return ()
    last = steps[-1]
    adapted = last.notes.get("adapted")
    ours = ", adapted" if isinstance(adapted, dict) and adapted.get("kept") else ""
    return f"{last.bundle} {last.version}".strip() + ours, last.device.partition(":")[0]


def adaptation(step: Provenance) -> str:
    """Say how the adaptation to the scan went: whether it was kept, and the losses or the reason."""
    notes = step.notes.get("adapted")
    if not isinstance(notes, dict):
        return "Done"
    before, after = notes.get("loss_before"), notes.get("loss_after")
    losses = ""
    if isinstance(before, float) and isinstance(after, float):
        losses = f"the loss on held-out parts of it went from {before:.3g} to {after:.3g} in {notes.get('steps')} steps"
    if notes.get("kept"):
        return f"{step.bundle} was adapted to this scan: {losses}."
    return f"{step.bundle} was used as it is, adapting it was not kept: {losses or notes.get('reason')}."


def slice_lines(model: ViewerModel) -> tuple[str, ...]:
    """Slice number and plane."""
    plane = model.current_plane.name
    return f"{model.slice_index + 1} / {model.slice_count}", plane.capitalize()


def position(model: ViewerModel) -> str:
    """Where the slice lies along the patient axis that it crosses, e.g. ``H 123.5 mm``."""
    volume = model.original
    if volume is None or is_flat(volume):
        return ""
    normal = model.current_plane.normal
    world = int(abs(volume.direction[:, normal]).argmax())
    middle = [(size - 1) / 2 for size in volume.shape]
    middle[normal] = model.slice_index
    at = float(volume.to_lps(middle)[world])
    return f"{_AXES[world][int(at >= 0)]} {abs(at):.1f} mm"


def window_lines(model: ViewerModel) -> tuple[str, ...]:
    """Window and zoom."""
    window = f"W {number(model.window_width)}  L {number(model.window_center)}"
    return f"Zoom {model.zoom:.2g}×", window + ("  inverted" if model.inverted else "")


def probe_text(model: ViewerModel) -> str:
    """Values of all results under the mouse; a hint while the mouse is elsewhere."""
    probe = model.probe_values()
    if probe is None or model.original is None:
        return "Point at a pixel to read its values" if model.original is not None else ""
    unit = model.original.unit
    k, j, i = probe.index
    parts = [f"slice {k + 1}  row {j + 1}  column {i + 1}"]
    if not is_flat(model.original):
        pairs = zip(_AXES, probe.lps, strict=True)
        parts.append("  ".join(f"{names[int(at >= 0)]} {abs(at):.1f}" for names, at in pairs) + " mm")
    parts.append(f"original {number(probe.original, unit)}{_uptake(probe.original, model.original.suv_factor)}")
    if probe.denoised is not None:
        parts.append(f"denoised {number(probe.denoised, unit)}")
    if probe.score is not None:
        parts.append(f"z {probe.score:+.1f}".replace("-", "−"))
    return "     ".join(parts)


def _uptake(value: float, factor: float | None) -> str:
    """Standardised uptake value beside an activity; nothing where there is none."""
    return "" if factor is None or isnan(value) else f" (SUV {number(value * factor)})"
