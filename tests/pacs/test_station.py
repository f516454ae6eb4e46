"""Listener, router and sender together, in this process and in one of their own."""

import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from medae.errors import NodeError
from medae.nodes import DicomNode, Listener, Rule
from medae.pacs import station
from medae.settings import PacsSettings
from tests.orthanc import Orthanc


def settings(listener: Listener, node: DicomNode) -> None:
    rule = Rule(name="mr", calling_ae_title="orth*", denoise="none", destination=node.name)
    PacsSettings().with_node(node).changed(listener=listener).with_rule(rule).save()


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is so."""
    waiting = threading.Event()
    for _ in range(int(seconds / 0.1)):
        if condition():
            return
        waiting.wait(0.1)
    pytest.fail("it did not happen")


def test_pushed_denoised_and_sent_back(
    orthanc: Orthanc, dicom_node: DicomNode, listener: Listener, series: tuple[Path, ...]
) -> None:
    settings(listener, dicom_node)
    for path in series:
        orthanc.upload(path)
    orthanc.know("medae", listener.ae_title, listener.port)
    stop, ready = threading.Event(), threading.Event()
    told: list[str] = []
    thread = threading.Thread(target=station.serve, args=(stop, told.append, ready.set, "cpu"))
    thread.start()
    try:
        assert ready.wait(10)
        with pytest.raises(NodeError, match="listens already"):
            station.serve(threading.Event())
        orthanc.post("/modalities/medae/store", orthanc.get("/studies")[0])
        until(lambda: orthanc.counts()["instances"] == 2 * len(series))
        until(lambda: any("6 files sent" in text for text in told))
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    assert orthanc.counts() == {"patients": 1, "studies": 1, "series": 2, "instances": 12}


def test_in_a_process_of_its_own_it_ends_with_the_pipe(dicom_node: DicomNode, listener: Listener) -> None:
    settings(listener, dicom_node)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=station.serve_apart, args=(theirs, "cpu"))
    process.start()
    theirs.close()
    assert ours.poll(60)
    assert ours.recv() == ("ready", "")
    second, its = context.Pipe()
    station.serve_apart(its)
    assert second.recv()[0] == "failed"
    ours.close()
    process.join(10)
    assert process.exitcode == 0
    second.close()
    its.close()
