from gan_zoo.testing import conformance

test_cyclegan = conformance("cyclegan")
