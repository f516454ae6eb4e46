"""Sample scans."""

import pytest

import medae
from medae.errors import SettingsError
from medae.jobs.sample_scans import SAMPLES, make_sample, sample_folder, write_sample
from medae.readers import open_volume


def test_the_flair_sample_opens_as_a_dicom_series() -> None:
    folder = sample_folder("head-flair")
    write_sample("head-flair", folder)
    volume = open_volume(folder)
    assert volume.modality == "MR"
    assert volume.source.reader == "dicom"
    assert make_sample("head-flair") == folder  # already there: nothing is started
    found = medae.detect(volume)
    assert found.provenance[0].bundle == "mr-flair-anomaly"  # noise must not take it to another contrast's model
    assert not found.outside
    assert len(found.findings) >= 5


def test_unknown_names_are_refused() -> None:
    assert "head-ct" in SAMPLES
    with pytest.raises(SettingsError, match="head-ct"):
        make_sample("foot")
