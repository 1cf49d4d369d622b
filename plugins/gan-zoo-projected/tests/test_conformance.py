from gan_zoo.testing import conformance

test_projected = conformance("projected")
