"""Transformers and VAEs of which only a repository has the code."""

import importlib
import pathlib
import sys
import types
import typing

import torch
import yaml

import counted_diffsynth
from repository_models import (BF16, FP32, Anything, CudaAutocast, WanSize, bare_package, empty, forget, meta_model,
                               transformer)
from tensor_counter import peak_of


def flash_attention(q, k, v, *_, **__):
    """FlashAttention between tensors of (batch, tokens, heads, size): its operands and result are in 16 bit."""
    given = q.dtype
    q, k, v = (tensor.to(BF16) for tensor in (q, k, v))
    log_sum_exp = torch.empty(q.shape[:-1], dtype=FP32, device=q.device)
    output = torch.empty_like(q)
    del log_sum_exp
    return output.to(given)


def wan_modules(repository, autocast):
    """Wan's modules with its own attention and autocast replaced."""
    forget("wan")
    bare_package("wan", repository / "wan")
    bare_package("wan.modules", repository / "wan" / "modules")
    sys.modules["wan.modules.attention"] = attention = types.ModuleType("wan.modules.attention")
    attention.flash_attention = attention.attention = flash_attention
    torch.amp.autocast = torch.cuda.amp.autocast = autocast.inner
    return lambda name: importlib.import_module(f"wan.modules.{name}")


def count_wan(repository, size):
    """Weights in fp32 under autocast, as generate.py runs it."""
    autocast = CudaAutocast()
    module = wan_modules(repository, autocast)("model")
    module.WanModel.init_weights = lambda self: None
    width, from_image = size.heads * 128, size.task == "i2v"
    latent = 16 if from_image else size.channels
    model = meta_model(lambda: module.WanModel(
        model_type=size.task, in_dim=size.channels, dim=width, ffn_dim=size.feed_forward, out_dim=latent,
        num_heads=size.heads, num_layers=2), FP32)
    area = (size.frames, size.height, size.width)
    more = {"y": [empty(FP32, size.channels - latent, *area)]} if from_image else {}
    if from_image and hasattr(model, "img_emb"):
        more["clip_fea"] = empty(FP32, 1, 257, 1280)
    timestep = empty(FP32, 1, size.tokens) if size.task == "ti2v" else empty(FP32, 1)
    arguments = ([empty(FP32, latent, *area)], timestep, [empty(FP32, 512, 4096)], size.tokens)
    with autocast:
        live = peak_of(model, lambda: model(*arguments, **more))
    return {"per_unit": live.peak / (size.tokens * width)}


def count_wan_vae(repository, name, channels, spatial, call):
    height, width, frames = 576, 1024, 21
    module = wan_modules(repository, CudaAutocast())(name)
    wide = dict(dim=160, dec_dim=256, temperal_downsample=[False, True, True])
    config = dict(dim=96, temperal_downsample=[False, True, True]) if name == "vae" else wide
    model = meta_model(lambda: module.WanVAE_(z_dim=channels, dim_mult=[1, 2, 4, 4], num_res_blocks=2, attn_scales=[],
                                              dropout=0.0, **config), FP32)
    given = (empty(FP32, 1, channels, (frames - 1) // 4 + 1, height // spatial, width // spatial) if call == "decode"
             else empty(FP32, 1, 3, frames, height, width))
    scale = [empty(FP32, channels), empty(FP32, channels)]
    live = peak_of(model, lambda: finished(getattr(model, call)(given, scale), call))
    return {"elements": live.peak / 4, "pixels": height * width, "frames": frames}


def finished(result, call):
    """What WanVAE does with it."""
    return result.float().clamp_(-1, 1) if call == "decode" else result.float()


def count_hunyuanvideo(repository):
    """Weights in bf16 under autocast, in which layer norms give fp32."""
    frames, height, width, text = 17, 68, 120, 256
    for name in ("hyvideo", "hyvideo.modules", "hyvideo.utils"):
        bare_package(name, repository.joinpath(*name.split(".")))
    sys.modules["hyvideo.utils.helpers"] = helpers = types.ModuleType("hyvideo.utils.helpers")
    helpers.to_2tuple = lambda value: value if isinstance(value, tuple) else (value, value)
    module = importlib.import_module("hyvideo.modules.models")
    attention = importlib.import_module("hyvideo.modules.attenion")
    attention.flash_attn_varlen_func = flash_attention
    module.get_cu_seqlens = lambda mask, tokens: empty(torch.int32, 2 * len(mask) + 1)
    sizes = types.SimpleNamespace(text_states_dim=4096, text_states_dim_2=768)
    model = meta_model(lambda: module.HYVideoDiffusionTransformer(
        sizes, (1, 2, 2), 16, 16, mm_double_blocks_depth=2, mm_single_blocks_depth=2,
        guidance_embed=True), BF16)
    image = frames * (height // 2) * (width // 2)
    arguments = (empty(BF16, 1, 16, frames, height, width), empty(FP32, 1), empty(BF16, 1, text, 4096),
                 empty(torch.int64, 1, text), empty(BF16, 1, 768), empty(FP32, image, 128), empty(FP32, image, 128),
                 empty(BF16, 1))
    with CudaAutocast():
        live = peak_of(model, lambda: model(*arguments))
    return {"per_unit": live.peak / ((image + text) * 3072)}


def count_latentsync(repository):
    """Both guidance passes over 16 frames, as its pipeline gives them."""
    for name in ("matplotlib", "matplotlib.pyplot", "cv2", "decord", "imageio", "mediapipe", "scenedetect"):
        sys.modules.setdefault(name, Anything(name))
    sys.path.insert(0, str(repository))
    module = importlib.import_module("latentsync.models.unet")
    config = yaml.safe_load((repository / "configs" / "unet" / "stage2_512.yaml").read_text())["model"]
    config["norm_eps"] = float(config["norm_eps"])
    model = meta_model(lambda: module.UNet3DConditionModel(**config), torch.float16)
    frames, side = 16, 48
    arguments = (empty(torch.float16, 2, 13, frames, side, side), empty(torch.int64, 1))
    sound = empty(torch.float16, 2 * frames, 50, 384)
    live = peak_of(model, lambda: model(*arguments, encoder_hidden_states=sound))
    return {"per_unit": live.peak / (2 * frames * side * side)}


def wan_cases(folder):
    sizes = {"wan2.1-t2v-1.3b": WanSize("t2v", 12, 8960), "wan2.1-t2v-14b": WanSize("t2v", 40, 13824),
             "wan2.1-i2v-14b": WanSize("i2v", 40, 13824, 36), "wan2.2-t2v-a14b": WanSize("t2v", 40, 13824),
             "wan2.2-i2v-a14b": WanSize("i2v", 40, 13824, 36), "wan2.2-ti2v-5b": WanSize("ti2v", 24, 14336, 48)}
    for name, size in sizes.items():
        release = name.split("-")[0]
        repository = folder / release.replace("wan", "Wan")
        if repository.is_dir():
            yield transformer(f"{release}-repo", name, "half", lambda r=repository, s=size: count_wan(r, s))
    for entry, repository, module, channels, spatial in (("wan2.1-vae", "Wan2.1", "vae", 16, 8),
                                                         ("wan2.2-vae", "Wan2.2", "vae2_2", 48, 16)):
        for call in ("decode", "encode") if (folder / repository).is_dir() else ():
            yield dict(table="vaes", entry=entry, case="576x1024x21", implementation="wan-repo", call=call, tiled=False,
                       dtype="half", count=lambda f=folder / repository, m=module, c=channels, s=spatial, w=call:
                       count_wan_vae(f, m, c, s, w))


def all_cases(folder: pathlib.Path) -> typing.Iterator[dict]:
    """One dict for each count: what it is, and `count` to make it. Only of repositories that are there."""
    yield from wan_cases(folder)
    if (folder / "HunyuanVideo").is_dir():
        yield transformer("hunyuanvideo-repo", "hunyuanvideo", "half",
                          lambda: count_hunyuanvideo(folder / "HunyuanVideo"))
    if (folder / "DiffSynth-Studio").is_dir():
        yield from counted_diffsynth.cases(folder / "DiffSynth-Studio")
    if (folder / "LatentSync").is_dir():
        yield transformer("latentsync-unet", "latentsync", "half", lambda: count_latentsync(folder / "LatentSync"))
