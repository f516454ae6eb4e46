"""Each reader has the parts that the protocol names."""

import pytest

from medae.readers import READERS, Reader


@pytest.mark.parametrize("key", READERS)
def test_parts(key: str) -> None:
    reader: Reader = READERS[key]
    assert reader.TITLE
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in reader.SUFFIXES)
