"""A transformer of diffusers at one size, and how it is built without weights."""

import dataclasses
import typing

import torch

FP32 = torch.float32
INT64 = torch.int64


@dataclasses.dataclass(frozen=True)
class Case:
    """One model at one size. `inputs(dtype, device)` are the arguments of its forward."""

    entry: str
    name: str
    model: str
    config: dict
    inputs: typing.Callable
    tokens: int
    width: int
    batch: int = 1
    device: str = "meta"  # "cpu" where the values of a mask decide how many tokens are computed


def zeros(device, dtype, *shape):
    return torch.zeros(*shape, dtype=dtype, device=device)


def built(case, diffusers, dtype):
    """The model on its device, with the modules in fp32 that it keeps there."""
    with torch.device(case.device):
        model = getattr(diffusers, case.model)(**case.config)
    keep = getattr(model, "_keep_in_fp32_modules", None) or []
    model = model.to(dtype).eval()
    for name, parameter in model.named_parameters():
        if any(part in keep for part in name.split(".")):
            parameter.data = parameter.data.to(FP32)
    return model
