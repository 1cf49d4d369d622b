"""Words that users bring from other programs -> what they are called in a recipe."""

from __future__ import annotations

_WIDTH = "the width of a network is its option `width`"
_EPOCHS = "the length is phases.NAME.epochs, the rate's fall is phases.NAME.schedule {hold, fall}"
_SIZE = "sizes are data.load (resize) and data.crop, both [height, width]"
_UNET = "the U-Net is {use: unet, depth: 8} for 256 pixels, depth 7 for 128"

ELSEWHERE = {
    "unet_256": _UNET,
    "unet_128": _UNET,
    "netG": "the generator stands under `generator: {use: NAME, ...}`",
    "netD": "the discriminator stands under `discriminator: {use: NAME, ...}`",
    "basic": "the 70 pixel PatchGAN is {use: patch, layers: 3}",
    "n_layers": "the PatchGAN's depth is {use: patch, layers: N}",
    "n_layers_D": "the PatchGAN's depth is {use: patch, layers: N}",
    "ngf": _WIDTH,
    "ndf": _WIDTH,
    "nef": _WIDTH,
    "input_nc": "channels follow from the data's modes; nobody writes them",
    "output_nc": "channels follow from the data's modes; nobody writes them",
    "channels_in": "channels follow from the data's modes; nobody writes them",
    "channels_out": "channels follow from the data's modes; nobody writes them",
    "no_dropout": "write `dropout: none` in the generator",
    "use_dropout": "dropout is the generator's option `dropout`",
    "init_type": "first weights are `init: {use: normal, gain: 0.02}`",
    "init_gain": "first weights are `init: {use: normal, gain: 0.02}`",
    "gan_mode": "the adversarial form is losses.NAME {use: adversarial, form: ...}",
    "lsgan": "the least-squares form is {use: adversarial, form: least_squares}",
    "lambda_L1": "the weight of L1 is losses.NAME {use: l1, weight: 100}",
    "lambda_feat": "every loss owns its option `weight`",
    "beta1": "Adam's betas are optimizers.PLAYER {use: adam, betas: [0.5, 0.999]}",
    "n_epochs": _EPOCHS,
    "n_epochs_decay": _EPOCHS,
    "niter": _EPOCHS,
    "niter_decay": _EPOCHS,
    "load_size": _SIZE,
    "loadSize": _SIZE,
    "crop_size": _SIZE,
    "fineSize": _SIZE,
    "preprocess": _SIZE,
    "resize_or_crop": _SIZE,
    "batch_size": "samples a step are data.batch",
    "batchSize": "samples a step are data.batch",
    "AtoB": "write a_to_b",
    "BtoA": "write b_to_a",
    "dataroot": "the folder is data.root, or --data DIR",
    "continue_train": "gan-zoo resume RUN goes on where a run stopped",
    "gpu_ids": "the device is engine.device",
    "num_threads": "reading processes are data.workers",
    "lr": "the learning rate is optimizers.PLAYER.lr",
}
