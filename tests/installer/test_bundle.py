"""Steps of the build that need no build."""

import json
from pathlib import Path

import pytest

from medae.build import this_build


def test_the_build_file_is_what_medae_reads(tmp_path: Path) -> None:
    import bundle

    bundle.write_build_file(tmp_path / "build.json")
    content = json.loads((tmp_path / "build.json").read_text())
    assert content.keys() == {"commit", "build"}
    assert this_build(tmp_path / "build.json").build == content["build"]


@pytest.mark.parametrize(
    "licence",
    ["MIT License", "LGPL-3.0-only", "GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only OR GPL-2.0-only"],
)
def test_permissive_and_lesser_licences_pass(licence: str) -> None:
    import bundle

    bundle.check_licences([{"Name": "a", "License": licence}])


@pytest.mark.parametrize("licence", ["GPLv3", "GNU General Public License v3 (GPLv3)", "GPL-2.0-or-later", "AGPL-3.0"])
def test_the_gpl_is_refused_by_name(licence: str) -> None:
    import bundle

    with pytest.raises(bundle.BuildError, match="pylibjpeg-libjpeg"):
        bundle.check_licences([{"Name": "pylibjpeg-libjpeg", "License": licence}])


def test_a_failed_command_says_which() -> None:
    import bundle

    with pytest.raises(bundle.BuildError, match="false ended with code 1"):
        bundle.run("false")


def test_licences_of_system_libraries_come_along(tmp_path: Path) -> None:
    import bundle

    if not Path("/usr/share/doc/zlib1g/copyright").is_file():
        pytest.skip("no Debian with zlib")
    (tmp_path / "_internal").mkdir()
    (tmp_path / "_internal" / "libz.so.1").write_bytes(b"")
    out = tmp_path / "licences"
    out.mkdir()
    bundle.write_system_licences(tmp_path, out)
    assert "zlib" in (out / "zlib1g-copyright.txt").read_text("utf-8")


def test_second_copies_of_libraries_become_links(tmp_path: Path) -> None:
    import bundle

    for name, content in (("a.so", "same"), ("a.so.3", "same"), ("b.so", "other"), ("note", "same")):
        (tmp_path / name).write_text(content)
    assert bundle.link_copies(tmp_path) == 4
    assert (tmp_path / "a.so.3").readlink() == Path("a.so")
    assert (tmp_path / "a.so.3").read_text() == "same"
    assert not (tmp_path / "note").is_symlink()


def test_size_counts_files_once(tmp_path: Path) -> None:
    import bundle

    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "b").symlink_to("a")
    assert bundle.size(tmp_path) == 5
