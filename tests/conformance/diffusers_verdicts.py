#!/usr/bin/env python3
"""Asks the installed diffusers about layouts, for xdit_layouts.py; runs inside an environment that has it, without a GPU.

Reads a JSON object a line: model, heads, tokens (image or video), text (tokens) and a list of layouts with world and
degrees. Writes for each layout a JSON object with diffusers' message where a part refuses, else "".

  config  the configuration's own checks, and those of a model's plans
  mesh    the product against the world
  split   whether every tensor that the model's plan shards divides; tensors are named by what they hold
"""
import json
import sys
import types
from unittest import mock

import torch

import diffusers
from diffusers.hooks import context_parallel

REFUSALS = (AssertionError, ValueError, NotImplementedError, ImportError)
CLASSES = {
    "flux.1-dev": "FluxTransformer2DModel", "flux.2-dev": "Flux2Transformer2DModel", "qwen-image": "QwenImageTransformer2DModel",
    "wan2.1-t2v-14b": "WanTransformer3DModel", "wan2.1-t2v-1.3b": "WanTransformer3DModel", "wan2.2-ti2v-5b": "WanTransformer3DModel",
    "wan2.2-t2v-a14b": "WanTransformer3DModel", "ltx-video-13b": "LTXVideoTransformer3DModel",
    "cogvideox-5b": "CogVideoXTransformer3DModel",
    "sd3.5-large": "SD3Transformer2DModel", "mochi-1": "MochiTransformer3DModel", "hunyuanvideo": "HunyuanVideoTransformer3DModel",
}
TEXT = {"encoder_hidden_states", "encoder_hidden_states_mask", "encoder_attention_mask", "txt_ids"}
# Lists of one element a token that pipelines pass only for edits; they are absent otherwise.
ONLY_SOMETIMES = {"modulate_index", "timestep"}


def imported(name):
    try:
        return getattr(diffusers, name)
    except AttributeError as error:
        raise ImportError(f"cannot import name '{name}' from 'diffusers'") from error


def shard(length, degree):
    group = types.SimpleNamespace(size=lambda: degree, get_group=lambda: None)
    with mock.patch("torch.distributed.get_rank", return_value=0):
        context_parallel.EquipartitionSharder.shard(torch.empty(1, length, device="meta"), 1, group)


def planned(plan):
    """What a plan shards: the names of its inputs; an output that is split is as long as the tokens."""
    for inputs in plan.values():
        for name, how in inputs.items() if isinstance(inputs, dict) else ():
            if name not in ONLY_SOMETIMES and hasattr(how, "split_dim"):
                yield name


def judge(case, layout):
    model = getattr(diffusers, CLASSES[case["model"]])
    sequence = layout["ulysses"] * layout["ring"]
    result = {"config": "", "mesh": "", "split": ""}
    context = tensor = None
    try:
        if sequence > 1:
            context = imported("ContextParallelConfig")(ulysses_degree=layout["ulysses"], ring_degree=layout["ring"])
        if layout["tensor"] > 1:
            tensor = imported("TensorParallelConfig")(tp_degree=layout["tensor"])
        if context is not None and tensor is not None:
            imported("ParallelConfig")(context_parallel_config=context, tensor_parallel_config=tensor)
        if tensor is not None:
            from diffusers.hooks import tensor_parallel
            if hasattr(tensor_parallel, "_check_tp_supported"):
                tensor_parallel._check_tp_supported(model.__name__, model._tp_plan, case["heads"], tensor)
        if context is not None and model._cp_plan is None:
            raise ValueError("`cp_plan` must be provided either as an argument or set in the model's `_cp_plan` attribute.")
    except REFUSALS as error:
        return {**result, "config": str(error)}
    try:
        if context is not None:
            context.setup(0, layout["world"], torch.device("meta"), mock.MagicMock())
        if tensor is not None:
            tensor.setup(0, layout["world"], torch.device("meta"), mock.MagicMock(size=lambda: layout["tensor"]))
    except REFUSALS as error:
        return {**result, "mesh": str(error)}
    try:
        for name in planned(model._cp_plan) if context is not None else ():
            shard(case["text" if name in TEXT else "tokens"], sequence)
    except REFUSALS as error:
        result["split"] = str(error)
    return result


def main():
    for line in sys.stdin:
        case = json.loads(line)
        for layout in case["layouts"]:
            print(json.dumps(judge(case, layout)))


if __name__ == "__main__":
    main()
