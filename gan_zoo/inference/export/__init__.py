"""A trained run as one file that other programs run: ONNX, or torch's own exported program."""
