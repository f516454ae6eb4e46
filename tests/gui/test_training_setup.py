"""What is to be trained on what."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from medae.gui.training_families import from_answer
from medae.gui.training_setup import TrainingSetup
from medae.jobs.job import PlanJob
from tests.gui.training_samples import FAMILIES


@pytest.fixture
def setup(qtbot: QtBot) -> TrainingSetup:
    made = TrainingSetup()
    qtbot.addWidget(made)
    made._pause.setInterval(20)
    made.set_families(from_answer(FAMILIES))
    made.resize(330, 700)
    made.show()
    return made


def option(setup: TrainingSetup, name: str) -> QLineEdit:
    found = setup.options.findChild(QLineEdit, f"option_{name}")
    assert found is not None
    return found


def test_no_data_no_question(setup: TrainingSetup) -> None:
    assert setup.job() is None


def test_choices_become_a_question(qtbot: QtBot, setup: TrainingSetup) -> None:
    setup.folders.add([Path("/scans")])
    assert setup.job() == PlanJob(family="denoising", data=(Path("/scans"),), task="denoise")
    setup.family.setCurrentIndex(1)
    setup.set_modalities(["MR", "CT"])
    setup.modality.setCurrentIndex(2)
    setup.model_size.setCurrentIndex(2)
    setup.name.setText("my-vae")
    setup.steps.setText("40")
    setup.device.setCurrentIndex(1)
    option(setup, "beta").setText("0.5")
    assert setup.job() == PlanJob(
        family="variational",
        data=(Path("/scans"),),
        task="reconstruct",
        modality="CT",
        size="large",
        name="my-vae",
        options={"beta": 0.5},
        max_steps=40,
        device="cpu",
    )


@pytest.mark.parametrize(("field", "text"), [("name", "My Model"), ("steps", "0"), ("steps", "ten")])
def test_what_cannot_be_used_is_said(setup: TrainingSetup, field: str, text: str) -> None:
    setup.folders.add([Path("/scans")])
    getattr(setup, field).setText(text)
    with pytest.raises(ValueError, match=field.capitalize()):
        setup.job()


def test_changes_settle(qtbot: QtBot, setup: TrainingSetup) -> None:
    qtbot.waitSignal(setup.settled).wait()
    for change in (
        lambda: setup.folders.add([Path("/scans")]),
        lambda: setup.family.setCurrentIndex(1),
        lambda: setup.model_size.setCurrentIndex(1),
        lambda: setup.steps.setText("12"),
        lambda: option(setup, "beta").setText("2"),
    ):
        with qtbot.waitSignal(setup.settled, timeout=2000):
            change()
    with qtbot.assertNotEmitted(setup.settled, wait=60), qtbot.waitSignal(setup.name_changed):
        setup.name.setText("a-name")


def test_the_choice_survives_a_new_list_of_families(setup: TrainingSetup) -> None:
    setup.family.setCurrentIndex(1)
    option(setup, "beta").setText("2")
    setup.set_families(from_answer(FAMILIES))
    assert option(setup, "beta").text() == "2"  # the same list changes nothing
    setup.set_families(from_answer([*FAMILIES, {**FAMILIES[0], "key": "sparse", "title": "Sparse"}]))
    assert setup.family.currentData() == "variational"
    assert setup.family.count() == 3


def test_the_chosen_modality_survives_the_next_plan(setup: TrainingSetup) -> None:
    setup.set_modalities(["MR", "CT"])
    setup.modality.setCurrentIndex(2)
    setup.set_modalities(["CT", "MR"])
    assert setup.modality.currentData() == "CT"


def test_name_is_proposed(setup: TrainingSetup) -> None:
    assert setup.chosen_name() == ""
    setup.propose_name("mr-denoising")
    assert setup.chosen_name() == "mr-denoising"
    setup.name.setText(" mine ")
    assert setup.chosen_name() == "mine"


def test_advanced_options_and_start(qtbot: QtBot, setup: TrainingSetup) -> None:
    assert not setup.options.isVisible()
    qtbot.mouseClick(setup.advanced, Qt.MouseButton.LeftButton)
    assert setup.options.isVisible()
    setup.show_ready("Choose a folder.")
    assert not setup.start_button.isEnabled()
    assert setup.reason.text() == "Choose a folder."
    setup.show_ready("")
    with qtbot.waitSignal(setup.start):
        qtbot.mouseClick(setup.start_button, Qt.MouseButton.LeftButton)


def test_a_proposal_fills_the_form_even_before_the_families_are_known(qtbot: QtBot) -> None:
    setup = TrainingSetup()
    qtbot.addWidget(setup)
    setup.propose([Path("/normals")], "anomaly", "MR")
    setup.set_families(from_answer(FAMILIES))
    job = setup.job()
    assert job is not None
    assert (job.data, job.task, job.modality) == ((Path("/normals"),), "anomaly", "MR")
