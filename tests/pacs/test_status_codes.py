"""Ranges of status codes."""

from medae.pacs import status_codes


def test_ranges() -> None:
    assert [status_codes.is_warning(code) for code in (0xAFFF, 0xB000, 0xB007, 0xC000)] == [False, True, True, False]
    assert [status_codes.is_out_of_resources(code) for code in (0xA700, 0xA7FF, 0xA900)] == [True, True, False]
