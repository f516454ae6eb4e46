"""Pages as one HTML file that needs nothing else: styles, pictures and charts are inside. Prints on A4."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

from medae.exporters.trust_report.chart import Chart, Stroke, Text, draw
from medae.exporters.trust_report.page import RESEARCH_USE, SUBTITLE, TISSUE_HEADER, TITLE, Page
from medae.exporters.trust_report.pictures import Picture
from medae.quality.summary import NO_WARNING

_CHART_SIZE = (260.0, 108.0)

_STYLE = """
@page { size: A4; margin: 9mm 12mm }
* { box-sizing: border-box }
body { margin: 0; background: #eef0f4; color: #1f2430; font: 11.5px/1.3 system-ui, "Segoe UI", Roboto, Arial,
  sans-serif }
main { width: 210mm; min-height: 297mm; margin: 16px auto; padding: 9mm 12mm; background: #fff;
  box-shadow: 0 1px 6px #0003; page-break-after: always }
main:last-child { page-break-after: auto }
@media print { body { background: #fff }
main { width: auto; min-height: 0; margin: 0; padding: 0; box-shadow: none; zoom: 0.87 } }
header { display: flex; justify-content: space-between; align-items: flex-start; gap: 16px }
h1 { font-size: 21px; margin: 0 } h1 + p, .scan { margin: 0; color: #566072 }
.research { border: 1.5px solid #8a5a00; color: #6b4600; background: #fff6e0; border-radius: 4px; padding: 3px 9px;
  font-weight: 700; white-space: nowrap }
.warnings { margin: 10px 0; border: 2px solid #a33a00; border-left-width: 10px; background: #fff3ea; padding: 6px 12px }
.warnings h2 { margin: 0 0 2px; color: #8a2f00; font-size: 13px } .warnings ul { margin: 0; padding-left: 18px }
.fine { margin: 10px 0; border: 1px solid #c5cbd6; border-left: 10px solid #c5cbd6; padding: 6px 12px }
.pictures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 9px; margin: 10px 0 6px }
figure { margin: 0 } figcaption { font-weight: 600; font-size: 11px; margin-bottom: 3px }
.slice { background: #000; height: 40mm; display: flex; align-items: center; justify-content: center }
.slice img { max-width: 100%; max-height: 100% }
.bar img { width: 100%; height: 7px; display: block; margin-top: 4px }
.bar div { display: flex; justify-content: space-between; font-size: 10.5px; color: #40495a }
h2 { font-size: 12.5px; margin: 9px 0 2px } table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 600; color: #566072; border-bottom: 1.2px solid #8a93a3; padding: 1px 8px 1px 0 }
td { border-bottom: 1px solid #dfe3ea; padding: 2px 8px 2px 0; vertical-align: top }
.n { text-align: right; white-space: nowrap } td:first-child { width: 180px }
td.v { white-space: nowrap; font-weight: 600 } td.m { color: #566072 }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 18px; align-items: start } svg { width: 100%; height: auto }
.made { margin-top: 8px; font-size: 11px } .made td { border: 0; padding: 0 10px 0 0 }
.made td:first-child { white-space: nowrap } .made td + td { word-break: break-all }
"""


def html(pages: Sequence[Page]) -> str:
    """Give the pages as the text of an HTML file."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>MedAE · {TITLE}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n{''.join(map(_page, pages))}</body></html>\n"
    )


def _page(page: Page) -> str:
    charts = "".join(f"<div>{svg(chart)}</div>" for chart in page.charts)
    return f"""<main>
<header><div><h1>{TITLE}</h1><p>{SUBTITLE}</p></div><div class="research">{RESEARCH_USE}</div></header>
<p class="scan">{escape(page.scan)}</p>
{_warnings(page)}
<div class="pictures">{"".join(map(_figure, page.pictures))}</div>
<h2>Before and after</h2>
{_table(("", "Before", "After", ""), ((c.label, c.before, c.after, c.meaning) for c in page.comparisons), "|v|v|m")}
<h2>What was removed</h2>
{_table((), ((f.label, f.value, f.meaning) for f in page.removed), "|v|m")}
<h2>Bias by tissue: denoising must not move these means</h2>
{_table(TISSUE_HEADER, page.tissues, "|n|n|n|n v") if page.tissues else "<p>No tissue was large enough to tell.</p>"}
<div class="two" style="margin-top:10px">{charts}</div>
<h2>How it was made</h2>
<table class="made">{"".join(f"<tr><td>{escape(k)}</td><td>{escape(v)}</td></tr>" for k, v in page.made)}</table>
</main>
"""


def _warnings(page: Page) -> str:
    """Box of the warnings, and a calm one of what else there is to say."""
    boxes = []
    if page.warnings:
        head = "Warning" if len(page.warnings) == 1 else f"{len(page.warnings)} warnings"
        items = "".join(f"<li>{escape(warning)}</li>" for warning in page.warnings)
        boxes.append(f'<div class="warnings" role="alert"><h2>⚠ {head}</h2><ul>{items}</ul></div>')
    calm = page.notes if page.warnings else (NO_WARNING, *page.notes)
    if calm:
        boxes.append(f'<div class="fine">{"<br>".join(map(escape, calm))}</div>')
    return "".join(boxes)


def _figure(picture: Picture) -> str:
    image = f'<img src="{_data(picture.png())}" alt="{escape(picture.title)}">'
    bar = ""
    if picture.scale is not None:
        scale = picture.scale
        ends = "".join(f"<span>{escape(text)}</span>" for text in (scale.low, scale.middle, scale.high))
        bar = f'<div class="bar"><img src="{_data(picture.bar())}" alt=""><div>{ends}</div></div>'
    return f'<figure><figcaption>{escape(picture.title)}</figcaption><div class="slice">{image}</div>{bar}</figure>'


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{b64encode(png).decode('ascii')}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], classes: str) -> str:
    """Lay out a table; ``classes`` are those of the columns, with a bar between them."""
    kinds = classes.split("|")

    def row(cells: Sequence[str], tag: str) -> str:
        return "".join(
            f'<{tag} class="{kind}">{escape(text)}</{tag}>' if kind else f"<{tag}>{escape(text)}</{tag}>"
            for text, kind in zip(cells, kinds, strict=True)
        )

    lines = [row(header, "th")] if header else []
    lines += [row(cells, "td") for cells in rows]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def svg(chart: Chart) -> str:
    """Draw a chart as inline SVG."""
    width, height = _CHART_SIZE
    drawn = "".join(_stroke(item) if isinstance(item, Stroke) else _text(item) for item in draw(chart, width, height))
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(chart.title)}" '
        f'font-family="inherit">{drawn}</svg>'
    )


def _stroke(stroke: Stroke) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in stroke.points)
    dashes = ' stroke-dasharray="4 2.5"' if stroke.dashed else ""
    return f'<polyline points="{points}" fill="none" stroke="{stroke.colour}" stroke-width="{stroke.width:g}"{dashes}/>'


def _text(text: Text) -> str:
    weight = ' font-weight="600"' if text.bold else ""
    return (
        f'<text x="{text.x:.1f}" y="{text.y:.1f}" text-anchor="{text.anchor}" fill="{text.colour}" '
        f'font-size="{text.size:g}"{weight}>{escape(text.text)}</text>'
    )
