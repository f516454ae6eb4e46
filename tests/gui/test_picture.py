"""Pixels of the panes."""

from dataclasses import replace

import numpy as np
import pytest

from medae.gui.picture import GRAPHICS, PENDING_HINT, heatmap_colormap, picture
from medae.gui.viewer_model import ViewerModel
from medae.volume import Window
from medae.windowing import HEATMAP_COLORMAP, SIGNED_COLORMAP, UNTRUSTED_COLORMAP, apply_window
from tests.gui.viewer_scans import full_model, scan, signed_model


def test_empty_panes_say_what_fills_them() -> None:
    model = ViewerModel()
    assert "Open" in picture(model, "original").hint
    model.set_original(scan())
    assert picture(model, "original").hint == ""
    assert picture(model, "denoised").hint == model.denoised_hint
    assert picture(model, "heatmap").hint == model.heatmap_hint
    assert picture(model, "difference").base is None


def test_original_is_windowed() -> None:
    model = full_model()
    np.testing.assert_array_equal(picture(model, "original").base, apply_window(scan().values()[2], 50, 100))


def test_monochrome1_is_shown_inverted() -> None:
    model = ViewerModel()
    model.set_original(scan(inverted=True))
    np.testing.assert_array_equal(
        picture(model, "original").base, apply_window(scan().values()[2], 50, 100, inverted=True)
    )


def test_heatmap_is_visible_where_scores_pass_the_threshold() -> None:
    model = full_model()
    overlay = picture(model, "heatmap").overlay
    assert overlay is not None
    assert (overlay[..., 3] > 0).sum() == 100
    model.heatmap_threshold = 6.5
    overlay = picture(model, "heatmap").overlay
    assert overlay is not None
    assert not overlay.any()
    model.show_heatmap = False
    assert picture(model, "heatmap").overlay is None


def test_pending_slices_show_the_original_dimmed() -> None:
    model = full_model()
    model.set_denoised(model.denoised, done=())
    shown, original = picture(model, "denoised"), picture(model, "original").base
    assert shown.hint == PENDING_HINT
    assert shown.base is not None
    assert original is not None
    np.testing.assert_array_equal(shown.base, original // 3)
    model.refresh_slice(2)
    assert picture(model, "denoised").hint == ""


@pytest.mark.parametrize("content", ["original", "denoised"])
def test_flicker_shows_the_other_result(content: str) -> None:
    model = full_model()
    model.flicker = "denoised"
    base = picture(model, content).base  # type: ignore[arg-type]
    assert base is not None
    assert len(np.unique(base)) == 1
    model.flicker = "original"
    base = picture(model, content).base  # type: ignore[arg-type]
    assert base is not None
    assert len(np.unique(base)) > 50


def test_swipe_has_the_original_on_the_left() -> None:
    model = full_model()
    model.swipe = 0.25
    base, original = picture(model, "swipe").base, picture(model, "original").base
    assert base is not None
    assert original is not None
    np.testing.assert_array_equal(base[:, :15], original[:, :15])
    assert len(np.unique(base[:, 15:])) == 1


def test_colour_is_shown_in_its_colours_and_the_window_works_on_it() -> None:
    grey = scan()
    rgb = np.random.default_rng(0).integers(0, 256, (*grey.shape, 3), np.uint8)
    model = ViewerModel()
    model.set_original(replace(grey, colour=rgb, windows=(Window(127.5, 255.0),)))
    model.set_window(127.5, 255.0)
    base = picture(model, "original").base
    assert base is not None
    np.testing.assert_array_equal(base[..., :3], rgb[model.slice_index])
    model.set_window(200.0, 100.0)
    np.testing.assert_array_equal(
        picture(model, "original", 2).base[..., :3],  # type: ignore[index]
        apply_window(rgb[model.slice_index, ::2, ::2], 200, 100),
    )


def test_graphics_of_the_file_are_drawn_and_can_be_hidden() -> None:
    drawn = np.zeros(scan().shape, bool)
    drawn[2, 1, 3] = True
    model = ViewerModel()
    model.set_original(replace(scan(), overlays=drawn))
    plain = apply_window(scan().values()[2], model.window_center, model.window_width)
    base = picture(model, "original").base
    assert base is not None
    assert tuple(base[1, 3]) == GRAPHICS
    np.testing.assert_array_equal(base[~drawn[2]][:, 0], plain[~drawn[2]])
    model.show_overlays = False
    np.testing.assert_array_equal(picture(model, "original").base, plain)


def test_thin_graphics_are_kept_where_only_every_second_pixel_is_drawn() -> None:
    drawn = np.zeros(scan().shape, bool)
    drawn[:, :, 3] = True
    model = ViewerModel()
    model.set_original(replace(scan(), overlays=drawn))
    base = picture(model, "original", step=2).base
    assert base is not None
    assert (base[:, 1] == GRAPHICS).all()
    assert not (base[:, [0, 2]] == GRAPHICS).all(axis=-1).any()


def test_both_sides_are_visible_and_signed_ones_differ_in_colour() -> None:
    model = signed_model()
    overlay = picture(model, "heatmap").overlay
    assert overlay is not None
    assert (overlay[..., 3] > 0).sum() == 150
    model.heatmap_signed = True
    overlay = picture(model, "heatmap").overlay
    assert overlay is not None
    darker, brighter = overlay[27, 35].astype(int), overlay[15, 15].astype(int)
    assert darker[2] > darker[0]
    assert brighter[0] > brighter[2]


def test_the_colours_follow_the_switch_and_the_domain() -> None:
    model = signed_model()
    assert heatmap_colormap(model) == HEATMAP_COLORMAP
    model.heatmap_signed = True
    assert heatmap_colormap(model) == SIGNED_COLORMAP
    outside = signed_model(("its contrast is unlike",))
    outside.heatmap_signed = True
    assert heatmap_colormap(outside) == UNTRUSTED_COLORMAP
