"""Phantoms: synthetic heads, chests and hands with known truth, drawn from formulas under a seed.

Geometry is in millimetres, so any grid shows the same patient. There is no noise: callers add it.
"""

from medae.phantom.files import write_dicom, write_nifti
from medae.phantom.grid import Phantom
from medae.phantom.head import head
from medae.phantom.lesions import place_lesion
from medae.phantom.radiograph import radiograph
from medae.phantom.thorax import thorax

__all__ = ["Phantom", "head", "place_lesion", "radiograph", "thorax", "write_dicom", "write_nifti"]
