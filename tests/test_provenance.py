"""Provenance: plain JSON that can be read again."""

import json
from datetime import datetime, timedelta, timezone

from medae.provenance import Provenance


def test_to_dict_is_json() -> None:
    started = datetime(2026, 5, 4, 3, 2, 1, 999, tzinfo=timezone(timedelta(hours=2)))
    step = Provenance(
        "denoise", "ct-denoise", "1.0", "ab" * 32, {"strength": 0.5}, "0.1", "CPU", started, 1.23456, {"clipped": 3}
    )
    content = json.loads(json.dumps(step.to_dict()))
    assert datetime.fromisoformat(content["started"]) == started.replace(microsecond=0)
    assert content["seconds"] == 1.235
    assert content["options"] == {"strength": 0.5}
    assert content["notes"] == {"clipped": 3}
    assert set(content) == {*Provenance.__slots__}
