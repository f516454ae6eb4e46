"""Passwords of DICOMweb nodes, in the keyring of the operating system and nowhere else."""

from medae.errors import SettingsError
from medae.nodes import DicomwebNode

SERVICE = "medae"
"""Under this name the keyring lists MedAE's passwords."""


def set_password(node: DicomwebNode, password: str) -> None:
    """Keep the password of a node's user.

    Raises
    ------
    SettingsError
        There is no keyring on this system, or it refuses.
    """
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, _account(node), password)
    except (KeyringError, RuntimeError) as error:
        raise SettingsError(_no_keyring(error)) from error


def password(node: DicomwebNode) -> str:
    """Give the password of a node's user; empty for a node without a user.

    Raises
    ------
    SettingsError
        There is no keyring, or no password of this node in it.
    """
    import keyring
    from keyring.errors import KeyringError

    if not node.user:
        return ""
    try:
        found = keyring.get_password(SERVICE, _account(node))
    except (KeyringError, RuntimeError) as error:
        raise SettingsError(_no_keyring(error)) from error
    if found is None:
        raise SettingsError(
            f"The keyring holds no password for {node.user!r} at node {node.name!r}; "
            f"give it with 'medae pacs nodes password {node.name}' or in the PACS window."
        )
    return found


def forget_password(node: DicomwebNode) -> None:
    """Remove the password of a node, if there is one; for a node that is removed."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.delete_password(SERVICE, _account(node))
    except (KeyringError, RuntimeError):
        return  # there is no keyring, or nothing in it


def _account(node: DicomwebNode) -> str:
    return f"{node.user}@{node.url}"


def _no_keyring(error: Exception) -> str:
    return (
        "This system has no keyring that MedAE can use, and passwords are kept nowhere else "
        f"({type(error).__name__}). On Linux start a desktop session with GNOME Keyring or KWallet; "
        "on a server install the Python package keyrings.alt or use a node without a user name."
    )
