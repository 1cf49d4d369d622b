"""gan-zoo: the component zoo for conditional image-to-image GANs."""
