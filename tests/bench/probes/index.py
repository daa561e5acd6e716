"""Imports what a worker has loaded before any app, then the app."""

import sys

import azure.functions
import azure_functions_runtime

from tests.bench.processes import MARK

print(MARK, file=sys.stderr)
import function_app  # noqa: E402 - the import that is measured

assert None not in (function_app.app, azure.functions, azure_functions_runtime)
