"""One good model file for all tests of damage."""

import pytest

from tests.bundle.bundle_parts import members, zipped


@pytest.fixture(scope="session")
def good() -> dict[str, bytes]:
    """The members of a good model file, by name."""
    return members()


@pytest.fixture
def good_file(good, tmp_path):
    return zipped(tmp_path / "good.tipoff", good)
