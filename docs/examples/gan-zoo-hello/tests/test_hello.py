from gan_zoo.testing import conformance

test_hello = conformance("hello")
