"""The shared test bodies say what they compared, as tests do."""

import pytest

pytest.register_assert_rewrite("tests.testing.faults")
