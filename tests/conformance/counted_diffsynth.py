"""Transformers as DiffSynth-Studio runs them: its pipelines hold the loops over the blocks."""

import importlib
import sys

import torch

from repository_models import BF16, FP32, WanSize, bare_package, empty, meta_model, transformer
from tensor_counter import peak_of


def diffsynth_models(repository):
    sys.modules["flash_attn"] = None  # PyTorch's attention is the one that is counted
    for name in ("diffsynth", "diffsynth.core", "diffsynth.models"):
        bare_package(name, repository.joinpath(*name.split(".")))
    return lambda name: importlib.import_module(f"diffsynth.models.{name}")


def diffsynth_wan(model, module, latents, text, steps, clip=None, first_frame=None):
    """The loop of its pipeline, which its model no longer has. `steps` are one, or one for each token."""
    dtype = latents.dtype
    embedded = module.sinusoidal_embedding_1d(model.freq_dim, empty(dtype, steps))
    embedded = model.time_embedding(embedded if steps == 1 else embedded.unsqueeze(0))
    modulation = model.time_projection(embedded).unflatten(-1, (6, model.dim))
    text = model.text_embedding(text)
    x = latents if first_frame is None else torch.cat([latents, first_frame], dim=1)
    if clip is not None:
        text = torch.cat([model.img_emb(clip), text], dim=1)
    x = model.patchify(x)
    grid = x.shape[2:]
    x = x.permute(0, 2, 3, 4, 1).flatten(1, 3).contiguous()
    # Complex numbers of every place, of a third of a head's size for each of the three axes.
    rotary = empty(torch.complex128, x.shape[1], 1, model.freqs[0].shape[1] + 2 * model.freqs[1].shape[1])
    for block in model.blocks:
        x = block(x, text, modulation, rotary)
    return model.unpatchify(model.head(x, embedded), grid)


def count_diffsynth_wan(repository, dtype, size):
    module = diffsynth_models(repository)("wan_video_dit")
    width, from_image = size.heads * 128, size.task == "i2v"
    latent = 16 if from_image else size.channels
    model = meta_model(lambda: module.WanModel(
        dim=width, in_dim=size.channels, ffn_dim=size.feed_forward, out_dim=latent, text_dim=4096, freq_dim=256,
        eps=1e-6, patch_size=(1, 2, 2), num_heads=size.heads, num_layers=2, has_image_input=from_image), dtype)
    area = (size.frames, size.height, size.width)
    more = (empty(dtype, 1, 257, 1280), empty(dtype, 1, 20, *area)) if from_image else ()
    arguments = (model, module, empty(dtype, 1, latent, *area), empty(dtype, 1, 512, 4096),
                 size.tokens if size.task == "ti2v" else 1, *more)
    live = peak_of(model, lambda: diffsynth_wan(*arguments))
    return {"per_unit": live.peak / (size.tokens * width)}


def diffsynth_flux(model, latents, text, pooled):
    """The loop of its pipeline, whose model has none."""
    dtype = latents.dtype
    places = torch.cat((empty(dtype, 1, text.shape[1], 3), model.prepare_image_ids(latents)), dim=1)
    step = empty(dtype, 1)
    conditioning = model.time_embedder(step, dtype) + model.pooled_text_embedder(pooled)
    conditioning = conditioning + model.guidance_embedder(step, dtype)
    image = model.x_embedder(model.patchify(latents))
    text = model.context_embedder(text)
    rotary = model.pos_embedder(places)
    for block in model.blocks:
        image, text = block(image, text, conditioning, rotary, None)
    image = torch.cat([text, image], dim=1)
    for block in model.single_blocks:
        image, text = block(image, text, conditioning, rotary, None)
    image = image[:, text.shape[1]:]
    return model.unpatchify(model.final_proj_out(model.final_norm_out(image, conditioning)), *latents.shape[-2:])


def count_diffsynth_flux(repository, dtype):
    module = diffsynth_models(repository)("flux_dit")
    model = meta_model(lambda: module.FluxDiT(num_blocks=2), dtype)
    del model.single_blocks[2:]
    height, width, text = 144, 160, 512
    arguments = (empty(dtype, 1, 16, height, width), empty(dtype, 1, text, 4096), empty(dtype, 1, 768))
    live = peak_of(model, lambda: diffsynth_flux(model, *arguments))
    return {"per_unit": live.peak / ((height * width // 4 + text) * 3072)}


def diffsynth_qwen_image(model, image, text, shape):
    conditioning = model.time_text_embed(empty(image.dtype, 1), image.dtype)
    image = model.img_in(image)
    text_tokens = text.shape[1]
    text = model.txt_in(model.txt_norm(text))
    rotary = model.pos_embed([shape], [text_tokens], device=image.device)
    for block in model.transformer_blocks:
        text, image = block(image=image, text=text, temb=conditioning, image_rotary_emb=rotary)
    return model.proj_out(model.norm_out(image, conditioning))


def count_diffsynth_qwen_image(repository, dtype):
    module = diffsynth_models(repository)("qwen_image_dit")
    model = meta_model(lambda: module.QwenImageDiT(num_layers=2), dtype)
    side, text = 76, 256
    arguments = (empty(dtype, 1, side * side, 64), empty(dtype, 1, text, 3584), (1, side, side))
    live = peak_of(model, lambda: diffsynth_qwen_image(model, *arguments))
    return {"per_unit": live.peak / ((side * side + text) * 3072)}


def cases(repository):
    for dtype, torch_dtype in (("half", BF16), ("fp32", FP32)):
        for entry, name, size in (("wan-1.3b-diffsynth", "wan2.1-t2v-1.3b", WanSize("t2v", 12, 8960)),
                                  ("wan-14b-diffsynth", "wan2.1-t2v-14b", WanSize("t2v", 40, 13824)),
                                  ("wan-14b-diffsynth", "wan2.1-i2v-14b", WanSize("i2v", 40, 13824, 36)),
                                  ("wan-ti2v-diffsynth", "wan2.2-ti2v-5b from an image",
                                   WanSize("ti2v", 24, 14336, 48))):
            yield transformer(entry, name, dtype, lambda s=size, d=torch_dtype: count_diffsynth_wan(repository, d, s))
        yield transformer("flux.1-diffsynth", "flux.1-dev", dtype,
                          lambda d=torch_dtype: count_diffsynth_flux(repository, d))
        yield transformer("qwen-image-diffsynth", "qwen-image", dtype,
                          lambda d=torch_dtype: count_diffsynth_qwen_image(repository, d))
