"""The VAEs of diffusers that data/models/vaes.json speaks of, with one size each for decoding and encoding.

The sizes are not those from which the data were derived, so that the fitted form is tried between and beyond them.
"""

import dataclasses

import torch

IMAGE_VAE = dict(down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
                 block_out_channels=[128, 256, 512, 512], layers_per_block=2, sample_size=1024)
COGVIDEOX = dict(down_block_types=["CogVideoXDownBlock3D"] * 4, up_block_types=["CogVideoXUpBlock3D"] * 4,
                 block_out_channels=[128, 256, 256, 512], layers_per_block=3, latent_channels=16, sample_height=480,
                 sample_width=720)
WAN22 = dict(base_dim=160, decoder_base_dim=256, z_dim=48, in_channels=12, out_channels=12, is_residual=True,
             patch_size=2, scale_factor_spatial=16, latents_mean=[0.0] * 48, latents_std=[1.0] * 48)
WHOLE = (("decode", False), ("encode", False))
TILED = (("decode", True), ("encode", True))


@dataclasses.dataclass(frozen=True)
class Case:
    """One VAE at one size of its output."""

    entry: str
    model: str
    config: dict
    channels: int
    spatial: int
    temporal: int  # 1: pictures
    height: int
    width: int
    frames: int = 1
    frame_axis: bool = True  # pictures are given as videos of one frame
    calls: tuple = WHOLE + TILED

    def shape(self, call):
        """Of what the call is given."""
        frames = (self.frames - 1) // self.temporal + 1 if call == "decode" else self.frames
        scale = self.spatial if call == "decode" else 1
        channels = self.channels if call == "decode" else 3
        area = (self.height // scale, self.width // scale)
        return (1, channels, frames, *area) if self.frame_axis else (1, channels, *area)


def image_vae(entry, channels, height, width, **config):
    return Case(entry, "AutoencoderKL", dict(IMAGE_VAE, latent_channels=channels, **config), channels, 8, 1, height,
                width, frame_axis=False)


def flux2_vae(height, width):
    return Case("flux2-vae", "AutoencoderKLFlux2", {}, 32, 8, 1, height, width, frame_axis=False)


def all_cases(implementation):
    """Tiles take long to count: their clips are smaller where the VAE works frame by frame."""
    cogvideox = ("cogvideox-vae", "AutoencoderKLCogVideoX", COGVIDEOX, 16, 8, 4, 576, 1024, 25)
    if implementation != "diffusers":
        return [Case(*cogvideox, calls=(("decode", False), ("decode", True)))]
    wan21 = ("wan2.1-vae", "AutoencoderKLWan", {}, 16, 8, 4)
    wan22 = ("wan2.2-vae", "AutoencoderKLWan", WAN22, 48, 16, 4)
    pictures = ((1024, 1024), (1280, 1792))
    no_quantizer = dict(use_quant_conv=False, use_post_quant_conv=False)
    return [
        Case(*wan21, 576, 1024, 25, calls=WHOLE),
        Case(*wan21, 544, 960, 9, calls=TILED),
        Case(*wan22, 576, 1024, 25, calls=WHOLE),
        Case(*wan22, 544, 960, 9, calls=TILED),
        Case(*cogvideox),
        Case("hunyuanvideo-vae", "AutoencoderKLHunyuanVideo", {}, 16, 8, 4, 576, 1024, 25),
        Case("hunyuanvideo15-vae", "AutoencoderKLHunyuanVideo15", {}, 32, 16, 4, 576, 1024, 25),
        Case("ltx-vae", "AutoencoderKLLTXVideo", {}, 128, 32, 8, 576, 1024, 49),
        # Its tiled decoding fails on such sizes in diffusers 0.42.1, so the data have none.
        Case("ltx2-vae", "AutoencoderKLLTX2Video", {}, 128, 32, 8, 576, 1024, 49, calls=WHOLE + TILED[1:]),
        Case("mochi-vae", "AutoencoderKLMochi", {}, 12, 8, 6, 576, 1024, 25),
        *(image_vae("flux-vae", 16, *size, **no_quantizer) for size in pictures),
        *(flux2_vae(*size) for size in pictures),
        *(image_vae(entry, 4, *size) for entry in ("sdxl-vae", "sdxl-vae-fp16", "sd15-vae") for size in pictures),
        Case("qwen-image-vae", "AutoencoderKLQwenImage", {}, 16, 8, 1, 1184, 1184),
    ]


def built(case, diffusers, dtype, tiled):
    with torch.device("meta"):
        model = getattr(diffusers, case.model)(**case.config)
    model = model.to(dtype).eval()
    if tiled:
        model.enable_tiling()
    return model
