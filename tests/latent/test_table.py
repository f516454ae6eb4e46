import sys
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest

from medae.errors import ExportError
from medae.latent.clusters import k_means
from medae.latent.codes import LatentSpace
from medae.latent.projection import principal_components
from medae.latent.table import feature_table, write_table


@pytest.mark.parametrize("name", ["features.csv", "features.parquet"])
def test_what_is_read_back(space: LatentSpace, tmp_path: Path, name: str) -> None:
    found = principal_components(space.codes)
    write_table(feature_table(space, found, k_means(space.codes, 2)), tmp_path / name)
    read = pyarrow.csv.read_csv if name.endswith("csv") else pyarrow.parquet.read_table
    table = read(tmp_path / name).to_pydict()
    assert list(table)[:8] == ["series", "slice", "row", "column", "position_mm", "error", "score", "cluster"]
    assert np.allclose(table["code_7"], space.codes[:, 7], rtol=1e-4, atol=1e-6)
    assert np.allclose(table["pc1"], found.points[:, 0])
    assert set(table["series"]) == {1, 2}
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_names_only_where_asked_for(space: LatentSpace) -> None:
    found = principal_components(space.codes)
    assert "file" not in feature_table(space, found)
    named = feature_table(space, found, names=True)
    assert set(named["file"]) == {"t1", "t2.nii.gz"}


def test_nothing_is_replaced_unasked(space: LatentSpace, tmp_path: Path) -> None:
    table = feature_table(space, principal_components(space.codes))
    path = tmp_path / "a.csv"
    path.write_text("mine")
    with pytest.raises(ExportError, match="exists"):
        write_table(table, path)
    assert path.read_text() == "mine"
    write_table(table, path, overwrite=True)
    assert path.read_text().startswith("series,")
    with pytest.raises(ExportError, match="must end in"):
        write_table(table, tmp_path / "a.xlsx")
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="cannot be written"):
        write_table(table, tmp_path / "file" / "a.csv")


def test_umap_has_its_columns(space: LatentSpace) -> None:
    points = np.arange(2.0 * len(space)).reshape(-1, 2)
    table = feature_table(space, principal_components(space.codes), umap=points)
    assert table["umap2"][1] == 3.0


def test_without_pyarrow_parquet_is_refused_in_words(
    space: LatentSpace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = feature_table(space, principal_components(space.codes))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    write_table(table, tmp_path / "a.csv")
    with pytest.raises(ExportError, match=r"write a \.csv file"):
        write_table(table, tmp_path / "a.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
