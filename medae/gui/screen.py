"""Where a slice lies in its pane: millimetres, voxels and pixels. No Qt here."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Screen:
    """Place of one slice in one pane.

    Attributes
    ----------
    width, height
        Size of the pane in (device-independent) pixels.
    size
        (rows, columns) of the slice.
    spacing
        Millimetres of one (row, column).
    zoom, pan
        As in `ViewerModel`: 1 fits; millimetres (right, down) from the slice's middle to the pane's.
    slant
        As in `medae.reslice.Plane`: each row lies so far to the right of the last, in shares of the way down.
    """

    width: float
    height: float
    size: tuple[int, int]
    spacing: tuple[float, float]
    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)
    slant: float = 0.0

    @property
    def row_step(self) -> tuple[float, float]:
        """Millimetres (right, down) from a row to the next."""
        return self.spacing[0] * self.slant, self.spacing[0] * math.sqrt(1 - self.slant**2)

    @property
    def first(self) -> float:
        """Millimetres to the right of the slice's leftmost place at which the first row begins."""
        return max(0.0, -self.size[0] * self.row_step[0])

    @property
    def extent(self) -> tuple[float, float]:
        """Millimetres (across, down) of the whole slice."""
        right, down = self.row_step
        return self.size[1] * self.spacing[1] + self.size[0] * abs(right), self.size[0] * down

    @property
    def scale(self) -> float:
        """Pixels per millimetre."""
        across, down = self.extent
        return self.zoom * min(max(self.width, 1.0) / across, max(self.height, 1.0) / down)

    @property
    def center(self) -> tuple[float, float]:
        """Millimetres (across, down) from the slice's corner to the middle of the pane."""
        across, down = self.extent
        return across / 2 + self.pan[0], down / 2 + self.pan[1]

    def visible(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of what the pane shows, in millimetres from the slice's corner."""
        width, height = self.width / self.scale, self.height / self.scale
        return self.center[0] - width / 2, self.center[1] - height / 2, width, height

    def to_pixel(self, row: float, column: float) -> tuple[float, float]:
        """Map a place in the slice (voxel edges are whole numbers) to a pixel (x, y) of the pane."""
        right, down = self.row_step
        across = self.first + column * self.spacing[1] + row * right
        x = (across - self.center[0]) * self.scale + self.width / 2
        y = (row * down - self.center[1]) * self.scale + self.height / 2
        return x, y

    def x_of(self, column: float, y: float) -> float:
        """Pixel at which a column crosses the row of pixels ``y`` of the pane."""
        row, _ = self.to_voxel(0.0, y)
        return self.to_pixel(row, column)[0]

    def to_millimetres(self, x: float, y: float) -> tuple[float, float]:
        """Map a pixel of the pane to millimetres (right, down) from the slice's middle."""
        return (x - self.width / 2) / self.scale + self.pan[0], (y - self.height / 2) / self.scale + self.pan[1]

    def to_voxel(self, x: float, y: float) -> tuple[float, float]:
        """Map a pixel of the pane to a place in the slice (row, column); voxel edges are whole numbers."""
        across, down = self.to_millimetres(x, y)
        right, row_height = self.row_step
        row = (down + self.extent[1] / 2) / row_height
        return row, (across + self.extent[0] / 2 - self.first - row * right) / self.spacing[1]

    def step(self, pixel_ratio: float = 1.0) -> int:
        """Rows and columns to skip, because one pixel of the pane covers as many."""
        return max(1, int(1.0 / max(self.scale * pixel_ratio * min(self.spacing), 1e-6) + 1e-6))
