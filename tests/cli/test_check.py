from medae.cli.check import Check


def test_a_line_is_fine_unless_said() -> None:
    assert Check("Window", "can open").ok is True
