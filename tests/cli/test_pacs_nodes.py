"""``medae pacs nodes``, ``rules`` and ``listener``: what is kept, what is refused."""

import json
from collections.abc import Callable

from medae.settings import PacsSettings


def test_nodes_come_and_go(medae: Callable) -> None:
    assert "No nodes yet" in medae("pacs", "nodes").stdout
    assert medae("pacs", "nodes", "add", "a", "--ae-title", "A", "--host", "10.0.0.1", "--tls").exit_code == 0
    assert medae("pacs", "nodes", "add", "b", "--url", "https://pacs/dicom-web", "--user", "anna").exit_code == 0
    assert medae("pacs", "nodes").stdout.splitlines() == [
        "a  A at 10.0.0.1:104, TLS, fetched by C-GET",
        "b  https://pacs/dicom-web, user anna",
    ]
    assert [node["kind"] for node in json.loads(medae("pacs", "nodes", "--json").stdout)] == ["dicom", "dicomweb"]
    assert medae("pacs", "nodes", "remove", "a").exit_code == 0
    assert [node.name for node in PacsSettings.load().nodes] == ["b"]


def test_what_is_wrong_with_a_node_is_told_by_its_option(medae: Callable) -> None:
    for options, words in (
        (("--host", "pacs"), "--ae-title: give 1 to 16 characters"),
        (("--ae-title", "A", "--host", "pacs", "--port", "70000"), "--port: Input should be less than"),
        (("--url", "pacs"), "--url: give an address that begins with http"),
        (("--ae-title", "A", "--host", "pacs", "--retrieve", "fax"), "--retrieve: Input should be 'get' or 'move'"),
    ):
        done = medae("pacs", "nodes", "add", "a", *options)
        assert done.exit_code == 1
        assert words in done.stderr
    assert PacsSettings.load().nodes == ()


def test_a_password_needs_a_user(medae: Callable) -> None:
    medae("pacs", "nodes", "add", "web", "--url", "https://pacs/dicom-web")
    done = medae("pacs", "nodes", "password", "web")
    assert done.exit_code == 1
    assert "has no user" in done.stderr


def test_rules(medae: Callable) -> None:
    assert "No rules yet" in medae("pacs", "rules").stdout
    assert "No node is called 'a'" in medae("pacs", "rules", "add", "mr", "--to", "a").stderr
    medae("pacs", "nodes", "add", "a", "--ae-title", "A", "--host", "10.0.0.1")
    medae("pacs", "rules", "add", "mr", "--to", "a", "--modality", "MR", "--series", "*t1*", "--strength", "0.8")
    medae("pacs", "rules", "add", "all", "--to", "a", "--format", "dicom,pm")
    mr, everything = PacsSettings.load().rules
    assert (mr.modality, mr.series_description, mr.strength, mr.detect) == ("MR", "*t1*", 0.8, False)
    assert (everything.exports, everything.detect) == (("derived-series", "parametric-map"), True)
    assert "mr  modality MR, series *t1* → auto → a" in medae("pacs", "rules").stdout
    assert len(json.loads(medae("pacs", "rules", "--json").stdout)) == 2
    assert medae("pacs", "rules", "remove", "mr").exit_code == 0
    assert "No rule is called 'mr'" in medae("pacs", "rules", "remove", "mr").stderr
    assert medae("pacs", "rules", "add", "x", "--to", "a", "--format", "png").exit_code == 2


def test_the_listener_is_shown_and_changed(medae: Callable) -> None:
    assert "MEDAE" in medae("pacs", "listener").stdout
    assert not PacsSettings.file().exists()
    shown = json.loads(medae("pacs", "listener", "--port", "4000", "--accept", "ONE, TWO", "--json").stdout)
    assert (shown["port"], shown["accept"], shown["ae_title"]) == (4000, ["ONE", "TWO"], "MEDAE")
    assert PacsSettings.load().listener.accept == ("ONE", "TWO")
    medae("pacs", "listener", "--accept", "")
    assert PacsSettings.load().listener.accept == ()
    assert PacsSettings.load().listener.port == 4000
