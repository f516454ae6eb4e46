"""Network definitions are data: nothing outside the table is built, nothing is run."""

import json

import pytest

from medae import bundle
from medae.errors import ModelError
from tests.bundle.conftest import DEFINITION


@pytest.mark.parametrize("target", ["os.system", "medae.networks.ResidualBlock", "$import os", None])
def test_a_foreign_target_is_refused_and_not_run(info: bundle.BundleInfo, target: str | None) -> None:
    config = info.folder / "configs" / "inference.json"
    config.write_text(json.dumps({"network_def": {"_target_": target, "command": "touch /tmp/x"}}))
    with pytest.raises(ModelError, match="not one that MedAE builds"):
        bundle.load_network(info)


def test_an_expression_is_refused(info: bundle.BundleInfo) -> None:
    config = info.folder / "configs" / "inference.json"
    config.write_text(json.dumps({"network_def": {**DEFINITION, "unshuffle": "$__import__('os').getpid()"}}))
    with pytest.raises(ModelError, match="expression"):
        bundle.load_network(info)


def test_arguments_that_do_not_fit_are_explained() -> None:
    with pytest.raises(ModelError, match="cannot be built"):
        bundle.build_network({**DEFINITION, "colour": 3})


@pytest.mark.parametrize("target", bundle.NETWORKS)
def test_the_table_names_classes_that_exist(target: str) -> None:
    from importlib import import_module

    from medae.networks import Network

    module, name = bundle.NETWORKS[target]
    assert issubclass(getattr(import_module(module), name), Network)
