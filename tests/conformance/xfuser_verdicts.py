#!/usr/bin/env python3
"""Asks the installed xfuser about layouts, for xdit_layouts.py; runs inside an environment that has it, without a GPU.

Reads a JSON object a line: model, kernel, height and a list of layouts with world and degrees. Writes for each layout a
JSON object with one key for each part of xfuser that judged it: its message where it refuses, else "".

  config   xFuserArgs.create_config, told that yunchang is there, as that looks for a GPU
  groups   RankGenerator, which makes the process groups
  model    the runner's check of a model's abilities, or the assertions of an example script
  calls    the decorators of a pipeline's call, and the state of a UNet
  heads    the check of attention heads against Ulysses
  rows     the check of latent rows, for the models whose pipeline or runner makes it
  backend  the check of an attention backend against a ring
  stages   the blocks that each stage is dealt: "empty" where one gets none; xfuser itself says nothing
"""
import ast
import dataclasses
import functools
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import logging
import pathlib
import sys
import types

logging.disable(logging.CRITICAL)

import torch  # noqa: E402

import xfuser.config.config as config  # noqa: E402
from xfuser.config.args import xFuserArgs  # noqa: E402
import xfuser.core.distributed.runtime_state as state  # noqa: E402
import xfuser.core.distributed.utils as groups  # noqa: E402

config.HAS_LONG_CTX_ATTN = True
FIELDS = {field.name for field in dataclasses.fields(xFuserArgs)}
REFUSALS = (AssertionError, ValueError, RuntimeError, ImportError)

# The names under which the runner registers the models that it has.
RUNNER = {
    "flux.1-dev": "FLUX.1-dev", "flux.2-dev": "FLUX.2-dev", "flux.2-klein-9b": "FLUX.2-klein-9B", "flux.2-klein-4b": "FLUX.2-klein-4B",
    "hunyuanvideo": "HunyuanVideo", "hunyuanvideo-1.5": "Hunyuanvideo-1.5", "wan2.1-t2v-14b": "Wan2.1-T2V",
    "wan2.1-i2v-14b-720p": "Wan2.1-I2V", "wan2.2-t2v-a14b": "Wan2.2-T2V", "wan2.2-i2v-a14b": "Wan2.2-I2V",
    "wan2.2-ti2v-5b": "Wan2.2-TI2V", "wan2.1-vace-14b": "Wan2.1-VACE-14B", "wan2.1-vace-1.3b": "Wan2.1-VACE-1.3B", "ltx-2-19b": "LTX-2",
    "sd3.5-large": "SD3.5", "qwen-image": "Qwen-Image", "z-image-turbo": "Z-Image-Turbo",
}
TASKS = {"wan2.2-ti2v-5b": "t2v", "hunyuanvideo-1.5": "t2v"}
SCRIPTS = {
    "cogvideox-2b": "cogvideox_example.py", "cogvideox-5b": "cogvideox_example.py", "cogvideox1.5-5b": "cogvideox_example.py",
    "pixart-alpha-xl-2-1024": "pixartalpha_example.py", "pixart-sigma-xl-2-1024": "pixartsigma_example.py",
    "hunyuandit-v1.2": "hunyuandit_example.py", "sdxl-base": "sdxl_example.py",
}
PIPELINES = {
    "flux.1-dev": "pipeline_flux", "flux.1-schnell": "pipeline_flux", "sdxl-base": "pipeline_stable_diffusion_xl",
}
BACKENDS = {
    "sdpa": "SDPA", "sdpa-math": "SDPA_MATH", "sdpa-efficient": "SDPA_EFFICIENT", "sdpa-flash": "SDPA_FLASH", "sdpa-cudnn": "CUDNN",
    "flash-attn-2": "FLASH", "flash-attn-3": "FLASH_3", "flash-attn-4": "FLASH_4",
}
# Whose pipeline hands its height to the check of rows: pixels a latent row, rows a patch, and which check.
IMAGE_ROWS = {"pixart-alpha-xl-2-1024": (8, 2), "pixart-sigma-xl-2-1024": (8, 2), "hunyuandit-v1.2": (8, 2), "sd3-medium": (8, 2),
              "sd3.5-medium": (8, 2), "sd3.5-large": (8, 2)}
FLUX_ROWS = (16, 1)
VIDEO_ROWS = {"cogvideox-2b": (8, 2), "cogvideox-5b": (8, 2), "cogvideox1.5-5b": (8, 2)}
FLUX_RUNNER_HEIGHT = 1024  # the runner's call names no height, so that the default is checked


@functools.lru_cache(maxsize=None)
def has_runner():
    return importlib.util.find_spec("xfuser.runner") is not None


def message_of(function, *arguments):
    try:
        function(*arguments)
    except REFUSALS as error:
        return str(error) or type(error).__name__
    return ""


class Config(dict):
    """A transformer's configuration, which is asked as a mapping and by attribute."""

    __getattr__ = dict.get


def args_of(model, layout):
    wanted = {
        "model": RUNNER.get(model, model), "use_ray": True, "ray_world_size": layout["world"], "data_parallel_degree": layout["data"],
        "use_cfg_parallel": layout["cfg"] > 1, "ulysses_degree": layout["ulysses"], "ring_degree": layout["ring"],
        "pipefusion_parallel_degree": layout["pipefusion"], "tensor_parallel_degree": layout["tensor"],
        "fully_shard_degree": layout["fsdp"], "use_parallel_vae": layout["vae"] > 1, "task": TASKS.get(model),
    }
    return xFuserArgs(**{name: value for name, value in wanted.items() if name in FIELDS})


def judge_groups(layout):
    if "fs" not in inspect.signature(groups.RankGenerator.__init__).parameters:
        return ""
    ranks = groups.RankGenerator(layout["tensor"], layout["ulysses"] * layout["ring"], layout["pipefusion"], layout["cfg"],
                                 layout["data"], layout["fsdp"], "tp-sp-pp-cfg-dp")
    return message_of(functools.partial(ranks.get_ranks, "fs", independent_ranks=True))


@functools.lru_cache(maxsize=None)
def assertions_of(script):
    """What a script asserts about its arguments, where the wheel holds the script."""
    found = [path for path in importlib.metadata.files("xfuser") or () if path.name == script and "ray" not in path.parts]
    if not found:
        return ()
    tree = ast.parse(pathlib.Path(found[0].locate()).read_text())
    return tuple(compile(ast.Module([node], []), script, "exec") for node in ast.walk(tree)
                 if isinstance(node, ast.Assert) and "engine_args." in ast.unparse(node))


def judge_model(model, arguments):
    if model in SCRIPTS:
        for assertion in assertions_of(SCRIPTS[model]):
            refusal = message_of(exec, assertion, {"engine_args": arguments})
            if refusal:
                return refusal
        return ""
    if model not in RUNNER or not has_runner():
        return ""
    base = importlib.import_module("xfuser.model_executor.models.runner_models.base_model")
    importlib.import_module("xfuser.runner")
    kind = base.MODEL_REGISTRY[RUNNER[model]]
    return message_of(kind._validate_config, object.__new__(kind), arguments)


def judge_calls(model, made):
    if model == "sdxl-base":
        unet = object.__new__(state.UnetRuntimeState)
        unet.parallel_config = made.parallel_config
        refusal = message_of(unet.sanity_check)
        if refusal:
            return refusal
    name = PIPELINES.get(model)
    if name is None:
        return ""
    wrapper = importlib.import_module("xfuser.model_executor.pipelines.base_pipeline")
    module = importlib.import_module(f"xfuser.model_executor.pipelines.{name}")
    kind = next(value for key, value in vars(module).items() if key.startswith("xFuser") and key.endswith("Pipeline"))
    before = wrapper.get_runtime_state
    wrapper.get_runtime_state = lambda: types.SimpleNamespace(parallel_config=made.parallel_config)
    try:
        kind.__call__(object.__new__(kind))
    except RuntimeError as error:
        return str(error) if "not supported by the model" in str(error) else ""
    except Exception:  # past the decorator: there is no pipeline to run
        return ""
    finally:
        wrapper.get_runtime_state = before
    return ""


def judge_heads(model, heads, made):
    transformer = types.SimpleNamespace(config=Config(num_attention_heads=heads))
    if model.startswith("z-image") and has_runner():
        z_image = importlib.import_module("xfuser.model_executor.models.runner_models.z_image")
        transformer.config["n_heads"] = heads
        namespace = types.SimpleNamespace(config=types.SimpleNamespace(n_heads=heads, num_attention_heads=heads))
        z_image._set_effective_heads_for_ulysses(namespace, made.parallel_config.sp_config.ulysses_degree)
        transformer.config["num_attention_heads"] = namespace.config.num_attention_heads
    dit = object.__new__(state.DiTRuntimeState)
    return message_of(dit._check_model_and_parallel_config, types.SimpleNamespace(transformer=transformer), made.parallel_config)


def check_rows(made, height, width, scale, patch, is_video):
    dit = object.__new__(state.DiTRuntimeState)
    dit.parallel_config = made.parallel_config
    dit.input_config = types.SimpleNamespace(height=height, width=width, num_frames=17)
    dit.vae_scale_factor = dit.vae_scale_factor_spatial = scale
    dit.vae_scale_factor_temporal = 4
    dit.backbone_patch_size = patch
    state.get_sequence_parallel_world_size = lambda: made.parallel_config.sp_degree
    state.get_sequence_parallel_rank = lambda: 0
    return message_of(dit._calc_cogvideox_patches_metadata if is_video else dit._calc_patches_metadata)


def judge_rows(model, height, width, layout, made):
    if layout["world"] == 1:
        return ""
    if model in VIDEO_ROWS:
        return check_rows(made, height, width, *VIDEO_ROWS[model], True)
    if model in IMAGE_ROWS:
        return check_rows(made, height, width, *IMAGE_ROWS[model], False)
    if not model.startswith("flux."):
        return ""
    by_runner = model in RUNNER and has_runner()
    if by_runner and model == "flux.1-dev":
        refusal = check_rows(made, FLUX_RUNNER_HEIGHT, FLUX_RUNNER_HEIGHT, *FLUX_ROWS, False)
        if refusal:
            return refusal
    pipeline_checks = not by_runner or layout["pipefusion"] > 1
    return check_rows(made, height, width, *FLUX_ROWS, False) if pipeline_checks else ""


def judge_backend(kernel, made):
    check = getattr(state.DiTRuntimeState, "_check_if_backend_compatible_with_current_configuration", None)
    if check is None or kernel not in BACKENDS:
        return ""
    backends = importlib.import_module("xfuser.core.distributed.attention_backend")
    dit = object.__new__(state.DiTRuntimeState)
    dit.parallel_config, dit.runtime_config = made.parallel_config, made.runtime_config
    return message_of(check, dit, backends.AttentionBackendType[BACKENDS[kernel]])


@functools.lru_cache(maxsize=None)
def judge_stages(blocks, stages):
    base = importlib.import_module("xfuser.model_executor.models.transformers.base_transformer")
    parallel = types.SimpleNamespace(pp_config=types.SimpleNamespace(attn_layer_num_for_pp=None))
    base.get_runtime_state = lambda: types.SimpleNamespace(parallel_config=parallel)
    base.get_pipeline_parallel_world_size = lambda: stages
    split = inspect.unwrap(base.xFuserTransformerBaseWrapper._split_transformer_blocks)
    for rank in range(stages):
        base.get_pipeline_parallel_rank = lambda: rank  # noqa: B023
        transformer = torch.nn.Module()
        transformer.blocks = torch.nn.ModuleList(torch.nn.Identity() for _ in range(blocks))
        split(types.SimpleNamespace(), transformer, ["blocks"])
        if len(transformer.blocks) == 0:
            return "empty"
    return ""


def verdict(case, layout):
    model = case["model"]
    arguments = args_of(model, layout)
    result = {"config": "", "model": judge_model(model, arguments)}
    try:
        made, _ = arguments.create_config()
    except REFUSALS as error:
        return {**result, "config": str(error)}
    result["groups"] = judge_groups(layout)
    result["calls"] = judge_calls(model, made)
    result["heads"] = judge_heads(model, case["heads"], made) if model != "sdxl-base" else ""
    result["rows"] = judge_rows(model, case["height"], case["width"], layout, made)
    result["backend"] = judge_backend(case["kernel"], made)
    in_stages = layout["pipefusion"] > 1 and model != "sdxl-base"
    result["stages"] = judge_stages(case["blocks"], layout["pipefusion"]) if in_stages else ""
    return result


def main():
    for line in sys.stdin:
        case = json.loads(line)
        for layout in case["layouts"]:
            print(json.dumps(verdict(case, layout)), flush=False)


if __name__ == "__main__":
    main()
