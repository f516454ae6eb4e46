"""Engines: what computes a network. All give the same result, within a part of the noise that is measured."""

from medae.inference.engines.choice import Choice, choose_engine
from medae.inference.engines.engine import Engine
from medae.inference.engines.openvino_engine import OpenVinoEngine, openvino_precisions, openvino_problem
from medae.inference.engines.torch_engine import TorchEngine

__all__ = [
    "Choice",
    "Engine",
    "OpenVinoEngine",
    "TorchEngine",
    "choose_engine",
    "openvino_precisions",
    "openvino_problem",
]
