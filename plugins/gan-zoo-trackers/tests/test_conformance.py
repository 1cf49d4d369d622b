from gan_zoo.testing import conformance

test_trackers = conformance("trackers")
