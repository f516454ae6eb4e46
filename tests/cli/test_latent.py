import json

import numpy as np
import pyarrow.csv
import pytest
from PIL import Image

from medae.cli.latent import parse_clusters
from tests.latent.conftest import heads, make_model  # noqa: F401


@pytest.fixture
def vae(make_model) -> str:  # noqa: F811
    return make_model(latent_size=8, features=(4, 8))


def test_everything_at_once(medae, vae, heads, tmp_path) -> None:  # noqa: F811
    table, picture = tmp_path / "f.csv", tmp_path / "s.png"
    result = medae(
        "latent", vae, heads, "--modality", "MR", "--clusters", "2", "--compression", "--out", table,
        "--samples", picture, "--json", "--device", "cpu",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    facts = json.loads(result.stdout)
    columns = pyarrow.csv.read_csv(table).to_pydict()
    assert facts["points"] == len(columns["series"])
    assert sum(facts["clusters"]["sizes"]) == facts["points"]
    assert facts["error"]["mean"] == pytest.approx(np.mean(columns["error"]))
    worst = int(np.argmax(columns["score"]))
    assert facts["most_unusual"][0]["slice"] == columns["slice"][worst]
    assert {rate["method"] for rate in facts["compression"]["rates"]} == {"model", "pca"}
    with Image.open(picture) as image:
        assert image.size == (4 * 32, 4 * 32)
    assert "file" not in columns
    assert str(heads) not in result.stdout


def test_for_people(medae, vae, heads) -> None:  # noqa: F811
    result = medae("latent", vae, heads / "t1", "--clusters", "hdbscan", "--compression", "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    assert "of 1 series, 8 numbers each" in result.stdout
    assert "bits per pixel" in result.stdout


def test_what_cannot_be_is_said(medae, make_model, heads, tmp_path) -> None:  # noqa: F811
    plain = make_model("undercomplete")
    result = medae("latent", plain, heads / "t1", "--samples", tmp_path / "s.png", "--device", "cpu")
    assert result.exit_code == 1
    assert "no prior to sample" in " ".join(result.stderr.split())
    assert medae("latent", plain, heads / "t1", "--clusters", "many").exit_code == 2
    assert medae("latent", plain, heads / "t1", "--samples", tmp_path / "s.jpg").exit_code == 2
    (tmp_path / "f.csv").touch()
    assert medae("latent", plain, heads / "t1", "--out", tmp_path / "f.csv", "--device", "cpu").exit_code == 1
    assert not list(tmp_path.glob("*.png"))


def test_clusters() -> None:
    assert parse_clusters(None) is None
    assert parse_clusters("HDBSCAN").method == "hdbscan"
    assert parse_clusters("7").count == 7


def test_samples_of_any_family_from_a_fitted_distribution(medae, make_model, heads, tmp_path) -> None:  # noqa: F811
    picture = tmp_path / "s.png"
    plain = make_model("undercomplete")
    result = medae("latent", plain, heads / "t1", "--samples", picture, "--fitted", "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    assert picture.stat().st_size > 500
