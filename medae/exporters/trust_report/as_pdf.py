"""Pages as one PDF file, a series on each A4 page."""

import io
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Drawing, Group, PolyLine, String
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Image, KeepInFrame, Paragraph, Spacer, Table

from medae.exporters.trust_report.chart import Chart, Stroke, Text, draw
from medae.exporters.trust_report.page import RESEARCH_USE, SUBTITLE, TISSUE_HEADER, TITLE, Page
from medae.exporters.trust_report.pictures import Picture
from medae.quality.summary import NO_WARNING

_MARGIN = 34.0
_WIDTH, _HEIGHT = A4[0] - 2 * _MARGIN, A4[1] - 2 * _MARGIN
_GAP = 8.0
_PICTURE = (_WIDTH - 3 * _GAP) / 4
_INK, _DIM, _RULE = "#1f2430", "#566072", "#dfe3ea"

_TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=8, leading=10, textColor=HexColor(_INK))
_STRONG = ParagraphStyle("strong", _TEXT, fontName="Helvetica-Bold")
_FAINT = ParagraphStyle("faint", _TEXT, textColor=HexColor(_DIM))
_RIGHT = ParagraphStyle("right", _TEXT, alignment=2)
_RIGHT_STRONG = ParagraphStyle("right strong", _STRONG, alignment=2)
_RIGHT_FAINT = ParagraphStyle("right faint", _FAINT, alignment=2)
_MIDDLE = ParagraphStyle("middle", _TEXT, alignment=1)
_HEADING = ParagraphStyle("heading", _STRONG, fontSize=9, leading=11, spaceBefore=7, spaceAfter=2)
_TITLE = ParagraphStyle("title", _STRONG, fontSize=16, leading=19)
_ALARM = ParagraphStyle("alarm", _STRONG, fontSize=9.5, leading=12, textColor=HexColor("#8a2f00"))

_LATIN = str.maketrans({"−": "–", "≤": "<=", "≥": ">=", "≈": "~", "→": "to", "σ": "sigma"})
"""What the fonts that every PDF viewer has (WinAnsi) cannot write."""


def pdf(pages: Sequence[Page]) -> bytes:
    """Give the pages as the content of a PDF file; what is too long for A4 is made smaller."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, pageCompression=1)
    canvas.setTitle(f"MedAE {TITLE}")
    canvas.setAuthor("MedAE")
    for page in pages:
        fitted = KeepInFrame(_WIDTH, _HEIGHT, _page(page), mode="shrink")
        _, height = fitted.wrapOn(canvas, _WIDTH, _HEIGHT)
        fitted.drawOn(canvas, _MARGIN, A4[1] - _MARGIN - height)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _page(page: Page) -> list[Flowable]:
    story = [*_head(page), *_warnings(page), _pictures(page.pictures)]
    story.append(Paragraph("Before and after", _HEADING))
    rows = [("", "Before", "After", "")] + [(c.label, c.before, c.after, c.meaning) for c in page.comparisons]
    story.append(_table(rows, (130, 72, 72, _WIDTH - 274), (_TEXT, _STRONG, _STRONG, _FAINT), header=True))
    story.append(Paragraph("What was removed", _HEADING))
    figures = [(f.label, f.value, f.meaning) for f in page.removed]
    story.append(_table(figures, (130, 92, _WIDTH - 222), (_TEXT, _STRONG, _FAINT)))
    story.append(Paragraph("Bias by tissue: denoising must not move these means", _HEADING))
    if page.tissues:
        widths = (130, *((_WIDTH - 130) / 4,) * 4)
        styles = (_TEXT, _RIGHT, _RIGHT, _RIGHT, _RIGHT_STRONG)
        story.append(_table([TISSUE_HEADER, *page.tissues], widths, styles, header=True))
    else:
        story.append(Paragraph("No tissue was large enough to tell.", _TEXT))
    if page.charts:
        width = (_WIDTH - 18) / 2
        cells = [chart_drawing(chart, width, width / 2) for chart in page.charts]
        story += [Spacer(1, 8), _grid([cells], (_WIDTH / 2,) * len(cells))]
    story.append(Paragraph("How it was made", _HEADING))
    story.append(_table(page.made, (110, _WIDTH - 110), (_FAINT, _TEXT), ruled=False))
    return story


def _head(page: Page) -> list[Flowable]:
    badge = _grid(
        [[_paragraph(RESEARCH_USE, ParagraphStyle("badge", _STRONG, alignment=1))]],
        (196,),
        [
            ("BOX", (0, 0), (-1, -1), 1.2, HexColor("#8a5a00")),
            ("BACKGROUND", (0, 0), (-1, -1), HexColor("#fff6e0")),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
        ],
    )
    title = [Paragraph(TITLE, _TITLE), Paragraph(SUBTITLE, _FAINT)]
    return [_grid([[title, badge]], (_WIDTH - 196, 196)), _paragraph(page.scan, _FAINT), Spacer(1, 6)]


def _warnings(page: Page) -> list[Flowable]:
    """Box of the warnings, and a calm one of what else there is to say."""
    boxes: list[Flowable] = []
    if page.warnings:
        head = "WARNING" if len(page.warnings) == 1 else f"{len(page.warnings)} WARNINGS"
        lines = [_paragraph(head, _ALARM), *(_paragraph(f"• {warning}", _TEXT) for warning in page.warnings)]
        boxes += [_box(lines, "#a33a00", "#fff3ea", 1.4), Spacer(1, 6)]
    calm = page.notes if page.warnings else (NO_WARNING, *page.notes)
    if calm:
        boxes += [_box([_paragraph(sentence, _TEXT) for sentence in calm], "#c5cbd6", "#ffffff", 0.8), Spacer(1, 6)]
    return boxes


def _box(content: list[Flowable], edge: str, ground: str, width: float) -> Table:
    """Box with a thick left edge, so that it is told without colour too."""
    return _grid(
        [["", content]],
        (8, _WIDTH - 8),
        [
            ("BOX", (0, 0), (-1, -1), width, HexColor(edge)),
            ("BACKGROUND", (0, 0), (0, -1), HexColor(edge)),
            ("BACKGROUND", (1, 0), (1, -1), HexColor(ground)),
            ("LEFTPADDING", (1, 0), (1, -1), 8),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
        ],
    )


def _pictures(pictures: Sequence[Picture]) -> Table:
    """Pictures in a row, each with its title above and its colour bar below."""
    titles = [_paragraph(picture.title, _STRONG) for picture in pictures]
    images = [_image(picture) for picture in pictures]
    bars = [_bar(picture) for picture in pictures]
    style = [("BACKGROUND", (n, 1), (n, 1), HexColor("#000000")) for n in range(0, 2 * len(pictures), 2)]
    spaced = [[cell for item in row for cell in (item, "")][:-1] for row in (titles, images, bars)]
    widths = [size for _ in pictures for size in (_PICTURE, _GAP)][:-1]
    return _grid(spaced, widths, [*style, ("ALIGN", (0, 1), (-1, 1), "CENTER"), ("VALIGN", (0, 1), (-1, 1), "MIDDLE")])


def _image(picture: Picture) -> Image:
    rows, columns = picture.pixels.shape
    scale = _PICTURE / max(rows, columns)
    return Image(io.BytesIO(picture.png()), columns * scale, rows * scale)


def _bar(picture: Picture) -> Flowable | str:
    if picture.scale is None:
        return ""
    scale = picture.scale
    ends = [_paragraph(scale.low, _TEXT), _paragraph(scale.middle, _MIDDLE), _paragraph(scale.high, _RIGHT)]
    return _grid(
        [[Image(io.BytesIO(picture.bar()), _PICTURE, 6), "", ""], ends],
        (_PICTURE / 3,) * 3,
        [
            ("TOPPADDING", (0, 0), (-1, 0), 3),
        ],
    )


def _table(
    rows: Iterable[Sequence[str]],
    widths: Sequence[float],
    styles: Sequence[ParagraphStyle],
    *,
    header: bool = False,
    ruled: bool = True,
) -> Table:
    """Lay texts out as a table, one style per column; the header is fainter."""
    first = [_RIGHT_FAINT if style.alignment == 2 else _FAINT for style in styles]
    cells = [
        [_paragraph(text, style) for text, style in zip(row, first if header and not n else styles, strict=True)]
        for n, row in enumerate(rows)
    ]
    lines: list[tuple[Any, ...]] = [("BOTTOMPADDING", (0, 0), (-1, -1), 2)]
    if ruled:
        lines.append(("LINEBELOW", (0, 0), (-1, -1), 0.5, HexColor(_RULE)))
    if header:
        lines.append(("LINEBELOW", (0, 0), (-1, 0), 0.8, HexColor("#8a93a3")))
    return _grid(cells, widths, lines)


def _grid(cells: Sequence[Sequence[Any]], widths: Sequence[float], style: Sequence[tuple[Any, ...]] = ()) -> Table:
    """Table without padding; ``style`` adds to that."""
    bare = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    return Table(cells, widths, style=[*bare, ("VALIGN", (0, 0), (-1, -1), "TOP"), *style], hAlign="LEFT")


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(_latin(text)), style)


def _latin(text: str) -> str:
    """Write a text with the characters of WinAnsi; others become question marks."""
    return text.translate(_LATIN).encode("cp1252", "replace").decode("cp1252")


def chart_drawing(chart: Chart, width: float, height: float) -> Drawing:
    """Draw a chart for ReportLab, whose y grows upwards."""
    drawing = Drawing(width, height)
    for item in draw(chart, width, height):
        drawing.add(_stroke(item, height) if isinstance(item, Stroke) else _string(item, height))
    return drawing


def _stroke(stroke: Stroke, height: float) -> PolyLine:
    points = [value for x, y in stroke.points for value in (x, height - y)]
    dashes = [4, 2.5] if stroke.dashed else None
    return PolyLine(points, strokeColor=HexColor(stroke.colour), strokeWidth=stroke.width, strokeDashArray=dashes)


def _string(text: Text, height: float) -> Group:
    font = "Helvetica-Bold" if text.bold else "Helvetica"
    string = String(text.x, height - text.y, _latin(text.text), fontName=font, fontSize=text.size)
    string.fillColor, string.textAnchor = HexColor(text.colour), text.anchor
    return Group(string)
