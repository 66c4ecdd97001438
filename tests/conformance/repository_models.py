"""Loads models from a repository onto the meta device, without what their packages import besides."""

import contextlib
import dataclasses
import sys
import types

import torch
from torch.overrides import TorchFunctionMode

BF16 = torch.bfloat16
FP32 = torch.float32


class CudaAutocast(TorchFunctionMode):
    """Casts as autocast does on CUDA, which the meta device knows nothing of."""

    TO_HALF = {torch.nn.functional.linear, torch.conv2d, torch.conv3d, torch.matmul, torch.Tensor.matmul}
    TO_FP32 = {torch.nn.functional.layer_norm, torch.nn.functional.group_norm, torch.rsqrt, torch.Tensor.pow,
               torch.Tensor.sum, torch.softmax}

    def __init__(self):
        super().__init__()
        self.dtype = BF16

    def __torch_function__(self, function, types_, args=(), kwargs=None):
        kwargs = kwargs or {}
        wanted = self.dtype if function in self.TO_HALF else FP32 if function in self.TO_FP32 else None
        if wanted and self.dtype:
            args = [self.cast(value, wanted) for value in args]
            kwargs = {name: self.cast(value, wanted) for name, value in kwargs.items()}
        return function(*args, **kwargs)

    @staticmethod
    def cast(value, dtype):
        return value.to(dtype) if isinstance(value, torch.Tensor) and value.is_floating_point() else value

    def inner(self, *_, dtype=FP32, enabled=True, **__):
        """Stands for torch.amp.autocast inside the model."""
        return Inner(self, dtype if enabled else None)


class Inner(contextlib.ContextDecorator):
    def __init__(self, mode, dtype):
        self.mode, self.dtype = mode, dtype

    def __enter__(self):
        self.before, self.mode.dtype = self.mode.dtype, self.dtype

    def __exit__(self, *_):
        self.mode.dtype = self.before


def bare_package(name, folder):
    """A package whose own __init__ is not run, as it imports all that a whole pipeline needs."""
    package = types.ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package


class Anything(types.ModuleType):
    """Stands for a module that is imported and not used here."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return None


def forget(prefix):
    for name in [name for name in sys.modules if name.split(".")[0] == prefix]:
        del sys.modules[name]


def empty(dtype, *shape):
    return torch.empty(*shape, dtype=dtype, device="meta")


def meta_model(make, dtype):
    with torch.device("meta"):
        return make().to(dtype).eval().requires_grad_(False)


@dataclasses.dataclass(frozen=True)
class WanSize:
    task: str
    heads: int
    feed_forward: int
    channels: int = 16
    frames: int = 17
    height: int = 54
    width: int = 96

    @property
    def tokens(self):
        return self.frames * (self.height // 2) * (self.width // 2)


def transformer(entry, name, dtype, count):
    return dict(table="activations", entry=entry, case=name, dtype=dtype, count=count)
