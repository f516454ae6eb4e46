"""What the viewer shows, as data: one evented model that all panes obey. No Qt here.

Change a field or call a method; whoever listens to ``model.events`` (one signal per field, from psygnal) or to
``model.slice_refreshed`` redraws. All methods are meant for the thread that the listeners live in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal, SignalGroupDescriptor

from medae.gui.difference_scale import scale_end
from medae.gui.probe import Probe, probe
from medae.reslice import Plane, PlaneName, along_slices, plane_of, slice_values
from medae.results import AnomalyMap, Finding
from medae.volume import Volume, Window
from medae.windowing import HEATMAP_MAXIMUM, auto_window, default_window, presets, typical_range

Layout: TypeAlias = Literal["side-by-side", "difference", "swipe"]
Content: TypeAlias = Literal["original", "denoised", "heatmap", "difference", "swipe"]
"""What one pane shows."""
Flicker: TypeAlias = Literal["", "original", "denoised"]

CONTENTS: dict[Layout, tuple[Content, ...]] = {
    "side-by-side": ("original", "denoised", "heatmap"),
    "difference": ("original", "denoised", "difference"),
    "swipe": ("swipe",),
}
"""The panes of each layout, from left to right."""

ZOOM_RANGE = (0.2, 40.0)
DRAG_PIXELS = 512
"""Mouse movement that changes the window by the whole range of the scan."""
THRESHOLD_MAXIMUM = 15.0
"""Largest |z| that the threshold can be moved to by hand: false regions are counted up to it."""


@dataclass(eq=False)
class ViewerModel:
    """State of the viewer.

    Attributes
    ----------
    original, denoised, anomaly_map
        What is shown; set them by `set_original`, `set_denoised`, `set_anomaly_map`.
    findings, selected_finding, scan_p
        Findings at the present threshold and `AnomalyMap.p_value` (found by whoever sets them: that takes too long
        for a window), and the place in that tuple of the one that was jumped to, -1 for none.
    plane
        ``"acquisition"``, ``"axial"``, ``"coronal"`` or ``"sagittal"``.
    cursor
        Array index (k, j, i) of the crosshair; its part along the plane's normal is the slice shown.
    window_center, window_width, window_curve, inverted
        Grey scale, in `Volume.unit`, see `Window`.
    zoom, pan
        1 fits the slice into its pane; millimetres (right, down) from the slice's middle to the pane's middle.
    strength
        0 shows the original as denoised, 1 the whole effect.
    heatmap_opacity, heatmap_threshold, heatmap_maximum, heatmap_signed, show_heatmap
        Drawing of the anomaly map, in |z|; signed tells darker from brighter by the colour.
    difference_maximum
        End of the symmetric difference scale, in `Volume.unit`.
    layout, maximized
        Panes side by side, and the one that fills the viewer (empty for none).
    swipe
        Place of the curtain, 0 (all denoised) to 1 (all original).
    flicker
        Result that all grey panes show while a key is held, empty for none.
    probe
        Array index under the mouse, or None.
    show_overlays, show_crosshair, show_findings
        Drawing on top of the images.
    denoised_hint, heatmap_hint
        What the empty panes say.
    """

    original: Volume | None = None
    denoised: Volume | None = None
    anomaly_map: AnomalyMap | None = None
    findings: tuple[Finding, ...] = ()
    selected_finding: int = -1
    scan_p: float | None = None
    plane: PlaneName = "acquisition"
    cursor: tuple[int, int, int] = (0, 0, 0)
    window_center: float = 0.0
    window_width: float = 1.0
    window_curve: tuple[float, ...] = ()
    inverted: bool = False
    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)
    strength: float = 1.0
    heatmap_opacity: float = 0.6
    heatmap_threshold: float = 3.0
    heatmap_maximum: float = HEATMAP_MAXIMUM
    heatmap_signed: bool = False
    show_heatmap: bool = True
    difference_maximum: float = 1.0
    layout: Layout = "side-by-side"
    maximized: Content | Literal[""] = ""
    swipe: float = 0.5
    flicker: Flicker = ""
    probe: tuple[int, int, int] | None = None
    show_overlays: bool = True
    show_crosshair: bool = False
    show_findings: bool = True
    denoised_hint: str = "Denoise (Ctrl+D) fills this pane"
    heatmap_hint: str = "Detect anomalies (Ctrl+T) fills this pane"

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    slice_refreshed: ClassVar[Signal] = Signal(int)
    """Array slice k of the denoised volume has changed in place."""

    def __post_init__(self) -> None:
        self._done: NDArray[np.bool_] | None = None
        self._planes: dict[PlaneName, Plane] = {}
        self._range = 1.0

    # what is shown

    def set_original(self, volume: Volume | None) -> None:
        """Show another scan: middle slice, default window, fitted, without results."""
        self.set_denoised(None)
        self.set_anomaly_map(None)
        self.probe = None
        self._planes = {}
        self.original = volume
        if volume is None:
            return
        slices, rows, columns = volume.shape
        self.plane = "acquisition"
        self.cursor = (slices // 2, rows // 2, columns // 2)
        self.inverted = volume.inverted
        self._range = typical_range(volume)
        self.reset_view()
        self.auto_window()

    def set_denoised(self, volume: Volume | None, done: Iterable[int] | None = None) -> None:
        """Show a denoised volume on the original's grid.

        Parameters
        ----------
        volume
            The volume; its array may still be being filled. None takes the result away.
        done
            The array slices that are filled already; None when all are. `refresh_slice` adds to them.

        Raises
        ------
        ValueError
            If the shape is not the original's.
        """
        self._check_shape(volume)
        self._done = None
        if volume is not None and done is not None:
            self._done = np.zeros(volume.shape[0], dtype=bool)
            self._done[list(done)] = True
        self.denoised = None  # the same volume, now complete, must be drawn again too
        self.denoised = volume
        if volume is None and self.layout != "side-by-side":
            self.layout = "side-by-side"
        self.update_difference_maximum()

    def set_anomaly_map(self, anomaly_map: AnomalyMap | None, findings: Iterable[Finding] = ()) -> None:
        """Show z-scores on the original's grid, with their findings; the threshold becomes the map's.

        Raises
        ------
        ValueError
            If the shape is not the original's.
        """
        self._check_shape(None if anomaly_map is None else anomaly_map.volume)
        self.selected_finding = -1
        self.anomaly_map = anomaly_map
        self.findings, self.scan_p = tuple(findings), None
        if anomaly_map is not None:
            self.heatmap_threshold = anomaly_map.threshold

    def refresh_slice(self, k: int) -> None:
        """Take note that array slice ``k`` of the denoised volume is filled now."""
        if self._done is not None:
            first = not self._done.any()
            self._done[k] = True
            if first:
                self.update_difference_maximum()
        self.slice_refreshed.emit(k)

    def update_difference_maximum(self) -> None:
        """Fit the difference scale to a sample of the slices that are done, one scale for all slices."""
        if self.original is None or self.denoised is None:
            return
        done = np.arange(self.original.shape[0]) if self._done is None else np.flatnonzero(self._done)
        if len(done):
            self.difference_maximum = scale_end(self.original, self.denoised, done)

    def _check_shape(self, volume: Volume | None) -> None:
        if volume is not None and (self.original is None or volume.shape != self.original.shape):
            raise ValueError("a result is shown with the original whose grid it has")

    # slices

    def plane_of(self, name: PlaneName) -> Plane:
        """How the original is sliced along a plane; there must be an original."""
        assert self.original is not None
        if name not in self._planes:
            self._planes[name] = plane_of(self.original, name)
        return self._planes[name]

    @property
    def current_plane(self) -> Plane:
        """How the original is sliced along the plane shown."""
        return self.plane_of(self.plane)

    @property
    def slice_index(self) -> int:
        """Number of the slice shown, from 0, along the normal of the plane shown."""
        return 0 if self.original is None else self.cursor[self.current_plane.normal]

    @property
    def slice_count(self) -> int:
        """How many slices the plane shown has."""
        return 0 if self.original is None else self.current_plane.shape[0]

    def shown(
        self, which: Content, plane: PlaneName | None = None, slice_index: int | None = None, step: int = 1
    ) -> NDArray[np.float32] | None:
        """Values of one slice of one result, computed for this slice only.

        Parameters
        ----------
        which
            ``"original"``; ``"denoised"`` (blended by `strength`, the original where not done yet);
            ``"difference"`` (denoised minus original, NaN where not done yet); ``"heatmap"`` (z-scores).
        plane, slice_index
            Which slice; the one shown where left out.
        step
            Every ``step``-th row and column only.

        Returns
        -------
        NDArray[np.float32] | None
            (screen rows, screen columns), NaN in padding; None where there is no such result.
        """
        if self.original is None:
            return None
        grid = self.plane_of(plane or self.plane)
        k = self.cursor[grid.normal] if slice_index is None else slice_index
        if which == "heatmap":
            return None if self.anomaly_map is None else slice_values(self.anomaly_map.volume, grid, k, step)
        values = slice_values(self.original, grid, k, step)
        if which == "original":
            return values
        if self.denoised is None:
            return None
        change = slice_values(self.denoised, grid, k, step)
        change -= values
        change *= np.float32(self.strength)
        pending = self.pending(plane, k, step)
        if which == "difference":
            return change if pending is None else np.where(pending, np.float32("nan"), change)
        return values + change if pending is None else np.where(pending, values, values + change)

    def pending(
        self, plane: PlaneName | None = None, slice_index: int | None = None, step: int = 1
    ) -> NDArray[np.bool_] | None:
        """Where a slice is not denoised yet: broadcasts to its image; None when all of it is done."""
        if self._done is None or self._done.all() or self.original is None:
            return None
        grid = self.plane_of(plane or self.plane)
        k = self.cursor[grid.normal] if slice_index is None else slice_index
        pending: NDArray[np.bool_] = ~along_slices(self._done, grid, k, step)
        return pending if pending.any() else None

    def probe_values(self) -> Probe | None:
        """Values of all results at the voxel under the mouse."""
        if self.original is None or self.probe is None:
            return None
        done = self._done is None or bool(self._done[self.probe[0]])
        return probe(self.probe, self.original, self.denoised if done else None, self.strength, self.anomaly_map)

    # moving about

    def go_to(self, index: Iterable[float]) -> None:
        """Move the crosshair, and so the slice, to an array index (k, j, i); clipped to the volume."""
        if self.original is None:
            return
        pairs = zip(index, self.original.shape, strict=True)
        k, j, i = (min(max(round(at), 0), size - 1) for at, size in pairs)
        self.cursor = (k, j, i)
        if self.probe is not None:  # the mouse has stayed, the slice under it has changed
            normal = self.current_plane.normal
            k, j, i = (self.cursor[a] if a == normal else self.probe[a] for a in range(3))
            self.probe = (k, j, i)

    def set_slice(self, slice_index: int) -> None:
        """Show a slice of the present plane; clipped to what there is."""
        if self.original is not None:
            index = list(self.cursor)
            index[self.current_plane.normal] = slice_index
            self.go_to(index)

    def step_slices(self, steps: int) -> None:
        """Go some slices on (or back)."""
        self.set_slice(self.slice_index + steps)

    def go_to_finding(self, number: int) -> None:
        """Jump to a finding by its place in `findings`; past either end it starts again."""
        if self.findings:
            self.selected_finding = number % len(self.findings)
            self.go_to(self.findings[self.selected_finding].center_index)

    def next_finding(self, steps: int = 1) -> None:
        """Jump to the next (or with -1 the previous) finding."""
        start = self.selected_finding if self.selected_finding >= 0 or steps > 0 else 0
        self.go_to_finding(start + steps)

    def reset_view(self) -> None:
        """Fit the slice into the pane, and hide the crosshair."""
        self.zoom = 1.0
        self.pan = (0.0, 0.0)
        self.show_crosshair = False

    def zoom_by(self, factor: float, about: tuple[float, float] = (0.0, 0.0)) -> None:
        """Magnify, and keep a point, millimetres (right, down) from the slice's middle, where it is."""
        zoom = min(max(self.zoom * factor, ZOOM_RANGE[0]), ZOOM_RANGE[1])
        ratio = self.zoom / zoom
        self.pan = (
            about[0] + (self.pan[0] - about[0]) * ratio,
            about[1] + (self.pan[1] - about[1]) * ratio,
        )
        self.zoom = zoom

    # grey scale and colours

    def windows(self) -> tuple[Window, ...]:
        """Windows to offer: the file's own, then the presets of the modality."""
        return () if self.original is None else presets(self.original)

    def set_window(self, center: float, width: float, curve: tuple[float, ...] | None = None) -> None:
        """Set the window; a width that is not positive or not finite is ignored. Without a curve the last one stays."""
        if isfinite(center) and isfinite(width) and width > 0:
            self.window_curve = self.window_curve if curve is None else curve
            self.window_center = float(center)
            self.window_width = float(width)

    def drag_window(self, across: float, up: float) -> None:
        """Change the window by a mouse movement in pixels: right widens, up lowers the centre (brighter)."""
        gain = self._range / DRAG_PIXELS
        width = max(self.window_width + gain * across, gain / 4)
        self.set_window(self.window_center - gain * up, width)

    def preset(self, number: int) -> None:
        """Take the window with this number, counted from 1; 0 is the automatic one."""
        offered = self.windows()
        if number == 0:
            self.auto_window()
        elif number <= len(offered):
            self._take(offered[number - 1])

    def auto_window(self) -> None:
        """Take the window that the volume is first shown with."""
        if self.original is not None:
            self._take(default_window(self.original))

    def auto_window_of(self, rows: tuple[int, int], columns: tuple[int, int]) -> None:
        """Fit the window to a box (half-open, screen rows and columns) of the original slice shown."""
        values = self.shown("original")
        if values is None:
            return
        box = values[slice(*sorted(rows)), slice(*sorted(columns))]
        if np.isfinite(box).any():
            self._take(auto_window(box))

    def _take(self, window: Window) -> None:
        self.set_window(window.center, window.width, window.curve)

    def toggle_layout(self, layout: Layout) -> None:
        """Take a layout, or leave it for side by side; layouts that compare need a denoised volume."""
        self.maximized = ""
        self.layout = layout if self.layout != layout and self.denoised is not None else "side-by-side"

    def toggle_maximized(self, content: Content) -> None:
        """Let one pane fill the viewer, or give all panes back."""
        self.maximized = "" if self.maximized else content

    def contents(self) -> tuple[Content, ...]:
        """List the panes to show now, from left to right."""
        panes = CONTENTS[self.layout]
        return (self.maximized,) if self.maximized and self.maximized in panes else panes

    def change_opacity(self, by: float) -> None:
        """Make the heatmap more (or less) opaque, within 0 to 1."""
        self.heatmap_opacity = round(min(max(self.heatmap_opacity + by, 0.0), 1.0), 3)

    def change_threshold(self, by: float) -> None:
        """Raise (or lower) the heatmap's threshold, within 0 to `THRESHOLD_MAXIMUM`."""
        self.heatmap_threshold = round(min(max(self.heatmap_threshold + by, 0.0), THRESHOLD_MAXIMUM), 3)
