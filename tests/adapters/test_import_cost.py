"""What a cold start pays for importing the adapters."""

import subprocess
import sys
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src"


@pytest.mark.parametrize("module", ["keyvault", "entra", "certificates"])
def test_importing_an_adapter_is_cheap(module: str) -> None:
    """The SDKs are loaded on the first check, not when the app starts."""
    heavy = {"azure.core", "azure.identity", "azure.keyvault", "msal", "requests", "cryptography"}
    script = f"import sys, mailcheck.adapters.{module}; print(*sys.modules)"
    listed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(SOURCES)}
    )
    assert not heavy & set(listed.stdout.split())
