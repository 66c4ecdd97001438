"""Bytes of tensors that are alive at once in a forward pass, counted on PyTorch's meta device: no GPU, no weights.

Every tensor that an operator makes is counted until its storage is freed, the way the CUDA allocator would count it.
Two things that the meta device does not show are added: a fused attention kernel holds its output and the log-sum-exp
alone, and cuDNN's convolutions in 16 bit copy their input and output into channels-last order. Models that look at
values run on the CPU, where products of matrices are made without being computed.
"""

import weakref

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map_only

HALF = (torch.float16, torch.bfloat16)
PRODUCTS = ("aten.addmm", "aten.mm", "aten.bmm", "aten.baddbmm", "aten.convolution")


def storage_bytes(tensor):
    return tensor.numel() * tensor.element_size()


def unfilled(function, args, kwargs):
    """What the operator returns, by shape alone."""
    args, kwargs = tree_map_only(torch.Tensor, lambda tensor: tensor.to("meta"), (args, kwargs))
    return torch.empty_like(function(*args, **kwargs), device="cpu")


class LiveTensors(TorchDispatchMode):
    """While active, follows the bytes of all storages but those of `weights`; `peak` is their largest sum.

    Tensors whose last two sizes are both `square` are left out: a mask over all pairs of tokens is counted apart.
    """

    def __init__(self, weights=(), square=None):
        super().__init__()
        self.square = square
        self.weights = {tensor.untyped_storage()._cdata for tensor in weights}
        self.alive = {}
        self.now = 0
        self.peak = 0
        self.at_peak = []

    def add(self, tensor, operator):
        if self.square and tensor.shape[-2:] == (self.square, self.square):
            return
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self.alive or key in self.weights:
            return
        size = storage.nbytes()
        self.alive[key] = (size, tuple(tensor.shape), str(tensor.dtype), operator)
        self.now += size
        weakref.finalize(storage, self.forget, key)

    def forget(self, key):
        self.now -= self.alive.pop(key, (0,))[0]

    def reached(self, operator, workspace=0):
        if self.now + workspace > self.peak:
            self.peak = self.now + workspace
            self.at_peak = sorted(self.alive.values(), reverse=True) + [(workspace, (), "workspace", operator)]

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = str(function)
        if name.startswith(PRODUCTS) and args[0].device.type == "cpu":
            result = unfilled(function, args, kwargs or {})
        else:
            result = function(*args, **(kwargs or {}))
        for value in tree_iter(result):
            if isinstance(value, torch.Tensor):
                self.add(value, name)
        converts = "convolution" in name and args[0].dtype in HALF
        self.reached(name, storage_bytes(args[0]) + storage_bytes(result) if converts else 0)
        return result


def fused_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    batch, heads, tokens, _ = query.shape
    log_sum_exp = torch.empty((batch, heads, tokens), dtype=torch.float32, device=query.device)
    output = torch.empty((batch, tokens, heads, value.shape[-1]), dtype=query.dtype, device=query.device)
    del log_sum_exp
    return output.transpose(1, 2)


def peak_of(model, call, square=None):
    """LiveTensors of call(), which runs `model`; tensors made by the caller before are not counted."""
    weights = list(model.parameters()) + list(model.buffers())
    real_attention = torch.nn.functional.scaled_dot_product_attention
    torch.nn.functional.scaled_dot_product_attention = fused_attention
    try:
        with torch.no_grad(), LiveTensors(weights, square) as live:
            call()
    finally:
        torch.nn.functional.scaled_dot_product_attention = real_attention
    return live
