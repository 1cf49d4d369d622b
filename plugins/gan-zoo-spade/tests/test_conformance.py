from gan_zoo.testing import conformance

test_spade = conformance("spade")
