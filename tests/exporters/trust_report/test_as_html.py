"""The page as HTML."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from medae.exporters.trust_report.as_html import html
from medae.exporters.trust_report.page import page
from medae.quality.trust import gaps
from medae.results import Result
from tests.quality.test_summary import TRUST


def text_of(result: Result) -> str:
    return html([page(result)])


def test_it_holds_the_figures(measured: Result) -> None:
    text = text_of(measured)
    for figure in ("25 HU", "10 HU", "0.04", "20 to 31 HU", "8 % wider", "−0.31 HU", "ab" * 32, "ct-denoise 0.1.0"):
        assert figure in text
    assert "Research use only, not for diagnosis" in text


def test_it_needs_nothing_else_and_tells_nobody(measured: Result) -> None:
    text = text_of(measured)
    assert not re.search(r"https?://|<script|<link|url\(", text)
    assert text.count("data:image/png;base64,") == 6  # four pictures, two colour bars
    assert text.count("<svg") == 2
    for private in ("1.2.840", "Müller", "Anna", "d41d8cd98f", "archive", "scan.nii"):
        assert private not in text


def test_warnings_stand_above_everything_else(measured: Result) -> None:
    trust = replace(TRUST, warnings=("Edges <are> wider.", "Bone has moved."))
    text = text_of(replace(measured, trust=trust))
    body = text[text.index("<body>") :]
    assert body.index("2 warnings") < body.index("Edges &lt;are&gt; wider.") < body.index("<figure>")
    assert body.index("Bone has moved.") < body.index("25 HU")
    assert "No figure is outside its limit" not in body
    assert "No figure is outside its limit" in text_of(measured)


def test_what_was_not_measured_is_no_warning(measured: Result) -> None:
    bare = replace(TRUST, edges=None)
    text = text_of(replace(measured, trust=replace(bare, warnings=gaps(bare))))
    assert 'class="warnings"' not in text
    assert "Sharpness was not measured" in text


def test_several_series_follow_each_other(measured: Result) -> None:
    other = replace(measured, trust=replace(TRUST, model="other-model"))
    text = html([page(measured), page(other)])
    assert text.count("<main>") == 2
    assert text.index("ct-denoise 0.1.0") < text.index("other-model 0.1.0")


def test_every_tag_is_closed(measured: Result) -> None:
    class Parser(HTMLParser):
        open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in ("meta", "img"):
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            pass

    parser = Parser()
    parser.feed(text_of(measured))
    assert parser.open == []


@pytest.mark.parametrize("bare", [{"edges": None, "spectrum": None, "autocorrelation": (), "tissues": ()}])
def test_what_could_not_be_measured_leaves_no_hole(measured: Result, bare: dict[str, object]) -> None:
    text = text_of(replace(measured, trust=replace(TRUST, **bare)))  # type: ignore[arg-type]
    assert "<svg" not in text
    assert "No tissue was large enough to tell" in text
