from gan_zoo.testing import conformance

test_slurm = conformance("slurm")
