"""Where and how exactly a training computes, by Lightning Fabric: device, precision, processes."""

import os
from typing import Any

import torch  # noqa: TID253

from medae.inference.device import Device, is_fast_in_bfloat16
from medae.training.recipe import Recipe


def precision(recipe: Recipe, device: Device) -> str:
    """Choose ``"bf16-mixed"`` or ``"32-true"``: bfloat16 where the recipe or the device's instructions ask for it.

    CPUs without AVX512-BF16 or AMX emulate bfloat16: a step of the denoiser took four times as long there. On those
    that have it, blocks of volumes are computed in float32 all the same: torch 2.13 now and then gave NaN for finite
    weights and patches in 3-D. Networks that tell lesions have no 3-D convolutions.
    """
    if recipe.precision != "auto":
        return "bf16-mixed" if recipe.precision == "bf16" else "32-true"
    in_3d = recipe.options.get("spatial_dims") == 3 and not recipe.options.get("lesions")
    if device.name == "cpu" and in_3d:
        return "32-true"
    return "bf16-mixed" if is_fast_in_bfloat16(device) else "32-true"


def launched(recipe: Recipe, device: Device) -> Any:
    """Give a launched `lightning_fabric.Fabric`: one process, or all that ``torchrun`` has started.

    Parameters
    ----------
    recipe
        For its precision.
    device
        Of a single process; under ``torchrun`` each process takes the device of its local rank.
    """
    from lightning_fabric import Fabric
    from lightning_fabric.plugins.environments import LightningEnvironment

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # for deterministic matrix products
    accelerator = "cpu" if device.name == "cpu" else "cuda"
    chosen: Any = 1 if accelerator == "cpu" else [int(device.name.split(":")[1])]
    nodes = 1
    plugins: list[Any] = [LightningEnvironment()]
    if torch.distributed.is_torchelastic_launched():
        chosen = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // chosen
        plugins = []
    fabric = Fabric(
        accelerator=accelerator,
        devices=chosen,
        num_nodes=nodes,
        precision=precision(recipe, device),  # type: ignore[arg-type]
        plugins=plugins,
    )
    fabric.launch()
    return fabric
