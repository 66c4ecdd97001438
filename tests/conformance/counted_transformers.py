"""The transformers of diffusers that data/models/activations.json speaks of, with inputs of one size each.

A few blocks are enough: what is alive at once is inside one block, except in models that keep something from each. The
sizes are not those from which the data were derived, so that what the data say between sizes is tried too.
"""

import torch

from transformer_case import FP32, INT64, Case, zeros


def flux1():
    image, text = 72 * 80, 512

    def inputs(dtype, on):
        return dict(hidden_states=zeros(on, dtype, 1, image, 64), encoder_hidden_states=zeros(on, dtype, 1, text, 4096),
                    pooled_projections=zeros(on, dtype, 1, 768), timestep=zeros(on, dtype, 1),
                    img_ids=zeros(on, dtype, image, 3), txt_ids=zeros(on, dtype, text, 3),
                    guidance=zeros(on, FP32, 1))

    config = dict(num_layers=2, num_single_layers=2, guidance_embeds=True)
    return Case("flux.1-diffusers", "flux.1-dev", "FluxTransformer2DModel", config, inputs, image + text, 3072)


def flux2(name, heads, text_width):
    image, text = 72 * 80, 512

    def inputs(dtype, on):
        return dict(hidden_states=zeros(on, dtype, 1, image, 128),
                    encoder_hidden_states=zeros(on, dtype, 1, text, text_width), timestep=zeros(on, dtype, 1),
                    img_ids=zeros(on, dtype, 1, image, 4), txt_ids=zeros(on, dtype, 1, text, 4),
                    guidance=zeros(on, dtype, 1))

    config = dict(num_layers=2, num_single_layers=2, num_attention_heads=heads, joint_attention_dim=text_width)
    return Case("flux.2-diffusers", name, "Flux2Transformer2DModel", config, inputs, image + text, heads * 128)


def sd3(entry, name, heads, positions, **more):
    side, text = 144, 333

    def inputs(dtype, on):
        return dict(hidden_states=zeros(on, dtype, 2, 16, side, side),
                    encoder_hidden_states=zeros(on, dtype, 2, text, 4096),
                    pooled_projections=zeros(on, dtype, 2, 2048), timestep=zeros(on, dtype, 2))

    config = dict(num_layers=3, num_attention_heads=heads, caption_projection_dim=heads * 64,
                  pos_embed_max_size=positions, **more)
    return Case(entry, name, "SD3Transformer2DModel", config, inputs, (side // 2) ** 2 + text, heads * 64, 2)


def cogvideox(entry, name, heads, frames, height, width, rotary=True, patch_frames=None, channels=16):
    video = frames // (patch_frames or 1) * (height // 2) * (width // 2)
    config = dict(num_attention_heads=heads, attention_head_dim=64, num_layers=3, time_embed_dim=512,
                  in_channels=channels, use_rotary_positional_embeddings=rotary)
    if patch_frames:
        config.update(patch_size_t=patch_frames, patch_bias=False)
    if not rotary:
        config.update(sample_width=width, sample_height=height, sample_frames=4 * frames - 3)

    def inputs(dtype, on):
        arguments = dict(hidden_states=zeros(on, dtype, 2, frames, channels, height, width),
                         encoder_hidden_states=zeros(on, dtype, 2, 226, 4096), timestep=zeros(on, INT64, 2))
        if rotary:
            arguments["image_rotary_emb"] = (zeros(on, FP32, video, 64), zeros(on, FP32, video, 64))
        return arguments

    return Case(entry, name, "CogVideoXTransformer3DModel", config, inputs, video + 226, heads * 64, 2)


def wan(entry, name, heads, feed_forward, image=False, channels=16, out_channels=16, timestep_per_token=False):
    frames, height, width = 11, 54, 96
    tokens = frames * (height // 2) * (width // 2)
    config = dict(num_attention_heads=heads, ffn_dim=feed_forward, num_layers=3, in_channels=channels,
                  out_channels=out_channels)
    if image:
        config.update(image_dim=1280, added_kv_proj_dim=heads * 128)

    def inputs(dtype, on):
        arguments = dict(hidden_states=zeros(on, dtype, 1, channels, frames, height, width),
                         timestep=zeros(on, dtype, 1, tokens) if timestep_per_token else zeros(on, dtype, 1),
                         encoder_hidden_states=zeros(on, dtype, 1, 512, 4096))
        if image:
            arguments["encoder_hidden_states_image"] = zeros(on, dtype, 1, 257, 1280)
        return arguments

    return Case(entry, name, "WanTransformer3DModel", config, inputs, tokens, heads * 128)


def wan_vace(entry, name, heads, feed_forward, hints, layers):
    frames, height, width = 11, 54, 96
    config = dict(num_attention_heads=heads, ffn_dim=feed_forward, num_layers=layers,
                  vace_layers=list(range(0, layers, layers // hints)))

    def inputs(dtype, on):
        return dict(hidden_states=zeros(on, dtype, 1, 16, frames, height, width), timestep=zeros(on, dtype, 1),
                    encoder_hidden_states=zeros(on, dtype, 1, 512, 4096),
                    control_hidden_states=zeros(on, dtype, 1, 96, frames, height, width),
                    control_hidden_states_scale=torch.ones(hints))

    tokens = frames * (height // 2) * (width // 2)
    return Case(entry, name, "WanVACETransformer3DModel", config, inputs, tokens, heads * 128)


def hunyuanvideo():
    frames, height, width, text = 17, 68, 120, 256

    def inputs(dtype, on):
        return dict(hidden_states=zeros(on, dtype, 1, 16, frames, height, width), timestep=zeros(on, INT64, 1),
                    encoder_hidden_states=zeros(on, dtype, 1, text, 4096),
                    encoder_attention_mask=zeros(on, dtype, 1, text), pooled_projections=zeros(on, dtype, 1, 768),
                    guidance=zeros(on, dtype, 1))

    config = dict(num_layers=2, num_single_layers=2, num_refiner_layers=1)
    tokens = frames * (height // 2) * (width // 2) + text
    return Case("hunyuanvideo-diffusers", "hunyuanvideo", "HunyuanVideoTransformer3DModel", config, inputs, tokens,
                3072)


def ltx(name, head_size, frames, height, width, text):
    tokens = frames * height * width

    def inputs(dtype, on):
        return dict(hidden_states=zeros(on, dtype, 2, tokens, 128),
                    encoder_hidden_states=zeros(on, dtype, 2, text, 4096), timestep=zeros(on, dtype, 2),
                    encoder_attention_mask=zeros(on, dtype, 2, text), num_frames=frames, height=height, width=width,
                    rope_interpolation_scale=(8 / 25, 32, 32))

    config = dict(num_layers=3, num_attention_heads=32, attention_head_dim=head_size,
                  cross_attention_dim=32 * head_size)
    return Case("ltx-video-diffusers", name, "LTXVideoTransformer3DModel", config, inputs, tokens, 32 * head_size, 2)


def ltx2():
    frames, height, width, sound, text = 14, 18, 28, 110, 1024
    tokens = frames * height * width

    def inputs(dtype, on):
        return dict(hidden_states=zeros(on, dtype, 2, tokens, 128),
                    audio_hidden_states=zeros(on, dtype, 2, sound, 128),
                    encoder_hidden_states=zeros(on, dtype, 2, text, 3840),
                    audio_encoder_hidden_states=zeros(on, dtype, 2, text, 3840), timestep=zeros(on, dtype, 2),
                    encoder_attention_mask=zeros(on, dtype, 2, text),
                    audio_encoder_attention_mask=zeros(on, dtype, 2, text), num_frames=frames, height=height,
                    width=width, audio_num_frames=sound)

    config = dict(num_layers=3)
    return Case("ltx-2-diffusers", "ltx-2-19b", "LTX2VideoTransformer3DModel", config, inputs, tokens, 4096, 2)


def mochi():
    frames, height, width, text = 4, 44, 80, 256

    def inputs(dtype, on):
        return dict(hidden_states=zeros(on, dtype, 2, 12, frames, height, width),
                    encoder_hidden_states=zeros(on, dtype, 2, text, 4096), timestep=zeros(on, dtype, 2),
                    encoder_attention_mask=torch.ones(2, text, dtype=torch.bool, device=on))

    config = dict(num_layers=2)
    tokens = frames * (height // 2) * (width // 2) + text
    return Case("mochi-diffusers", "mochi-1", "MochiTransformer3DModel", config, inputs, tokens, 3072, 2, "cpu")


def pixart():
    side = 144

    def inputs(dtype, on):
        return dict(hidden_states=zeros(on, dtype, 2, 4, side, side),
                    encoder_hidden_states=zeros(on, dtype, 2, 300, 4096), timestep=zeros(on, dtype, 2),
                    encoder_attention_mask=zeros(on, dtype, 2, 300),
                    added_cond_kwargs=dict(resolution=None, aspect_ratio=None))

    config = dict(num_layers=3, caption_channels=4096, use_additional_conditions=False)
    return Case("pixart-diffusers", "pixart-sigma", "PixArtTransformer2DModel", config, inputs, (side // 2) ** 2, 1152,
                2)


def hunyuandit():
    side = 144
    tokens = (side // 2) ** 2

    def inputs(dtype, on):
        return dict(hidden_states=zeros(on, dtype, 2, 4, side, side), timestep=zeros(on, dtype, 2),
                    encoder_hidden_states=zeros(on, dtype, 2, 77, 1024),
                    text_embedding_mask=zeros(on, torch.bool, 2, 77),
                    encoder_hidden_states_t5=zeros(on, dtype, 2, 256, 2048),
                    text_embedding_mask_t5=zeros(on, torch.bool, 2, 256),
                    image_rotary_emb=(zeros(on, FP32, tokens, 88), zeros(on, FP32, tokens, 88)))

    config = dict(num_layers=4, hidden_size=1408, in_channels=4, patch_size=2, sample_size=side, mlp_ratio=4.3637,
                  use_style_cond_and_image_meta_size=False)
    return Case("hunyuandit-diffusers", "hunyuandit-v1.2", "HunyuanDiT2DModel", config, inputs, tokens, 1408, 2)


def qwen_image(text):
    side = 76

    def inputs(dtype, on):
        return dict(hidden_states=zeros(on, dtype, 1, side * side, 64),
                    encoder_hidden_states=zeros(on, dtype, 1, text, 3584), encoder_hidden_states_mask=None,
                    timestep=zeros(on, dtype, 1), img_shapes=[[(1, side, side)]])

    return Case("qwen-image-diffusers", f"qwen-image, {text} text tokens", "QwenImageTransformer2DModel",
                dict(num_layers=3), inputs, side * side + text, 3072)


def z_image():
    side, text = 144, 512

    def inputs(dtype, on):
        return dict(x=[zeros(on, dtype, 16, 1, side, side)], t=zeros(on, dtype, 1),
                    cap_feats=[zeros(on, dtype, text, 2560)])

    tokens = (side // 2) ** 2 + text
    return Case("z-image-diffusers", "z-image-turbo", "ZImageTransformer2DModel", dict(n_layers=3), inputs, tokens,
                3840)


def sdxl():
    side = 112

    def inputs(dtype, on):
        return dict(sample=zeros(on, dtype, 2, 4, side, side), timestep=zeros(on, dtype, 1),
                    encoder_hidden_states=zeros(on, dtype, 2, 77, 2048),
                    added_cond_kwargs=dict(text_embeds=zeros(on, dtype, 2, 1280), time_ids=zeros(on, dtype, 2, 6)))

    config = dict(sample_size=128, down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
                  up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
                  block_out_channels=[320, 640, 1280], transformer_layers_per_block=[1, 2, 10],
                  cross_attention_dim=2048, attention_head_dim=[5, 10, 20], use_linear_projection=True,
                  addition_embed_type="text_time", addition_time_embed_dim=256,
                  projection_class_embeddings_input_dim=2816)
    return Case("sdxl-unet-diffusers", "sdxl", "UNet2DConditionModel", config, inputs, side * side, 1, 2)


def hunyuanvideo15():
    frames, height, width, text, second_text, picture = 4, 28, 50, 1000, 256, 729

    def inputs(dtype, on):
        return dict(hidden_states=zeros(on, dtype, 1, 65, frames, height, width), timestep=zeros(on, dtype, 1),
                    encoder_hidden_states=zeros(on, dtype, 1, text, 3584),
                    encoder_attention_mask=torch.ones(1, text, dtype=dtype, device=on),
                    encoder_hidden_states_2=zeros(on, dtype, 1, second_text, 1472),
                    encoder_attention_mask_2=torch.ones(1, second_text, dtype=dtype, device=on),
                    image_embeds=zeros(on, dtype, 1, picture, 1152))

    config = dict(num_layers=2, num_refiner_layers=1)
    tokens = frames * height * width + text + second_text + picture
    return Case("hunyuanvideo-1.5-diffusers", "hunyuanvideo-1.5", "HunyuanVideo15Transformer3DModel", config, inputs,
                tokens, 2048, 1, "cpu")


def all_cases():
    return [
        flux1(),
        flux2("flux.2-dev", 48, 15360),
        flux2("flux.2-klein-4b", 24, 7680),
        flux2("flux.2-klein-9b", 32, 12288),
        sd3("sd3-diffusers", "sd3-medium", 24, 192),
        sd3("sd3-diffusers", "sd3.5-large", 38, 192, qk_norm="rms_norm"),
        sd3("sd3.5-medium-diffusers", "sd3.5-medium", 24, 384, qk_norm="rms_norm", dual_attention_layers=(0, 1)),
        cogvideox("cogvideox-2b-diffusers", "cogvideox-2b", 30, 13, 48, 72, rotary=False),
        cogvideox("cogvideox-diffusers", "cogvideox-5b", 48, 13, 48, 72),
        cogvideox("cogvideox-diffusers", "cogvideox-5b-i2v", 48, 13, 48, 72, channels=32),
        cogvideox("cogvideox-diffusers", "cogvideox1.5-5b", 48, 16, 80, 136, patch_frames=2),
        wan("wan-1.3b-diffusers", "wan2.1-t2v-1.3b", 12, 8960),
        wan("wan-14b-diffusers", "wan2.1-t2v-14b", 40, 13824),
        wan("wan-14b-diffusers", "wan2.1-i2v-14b", 40, 13824, image=True, channels=36),
        wan("wan-ti2v-diffusers", "wan2.2-ti2v-5b from text", 24, 14336, channels=48, out_channels=48),
        wan("wan-ti2v-diffusers", "wan2.2-ti2v-5b from an image", 24, 14336, channels=48, out_channels=48,
            timestep_per_token=True),
        wan_vace("wan-vace-1.3b-diffusers", "wan2.1-vace-1.3b", 12, 8960, hints=15, layers=30),
        wan_vace("wan-vace-14b-diffusers", "wan2.1-vace-14b", 40, 13824, hints=8, layers=40),
        hunyuanvideo(),
        hunyuanvideo15(),
        ltx("ltx-video-2b", 64, 12, 18, 26, 128),
        ltx("ltx-video-13b", 128, 12, 20, 34, 256),
        ltx2(),
        mochi(),
        pixart(),
        hunyuandit(),
        qwen_image(256),
        qwen_image(1024),
        z_image(),
        sdxl(),
    ]
