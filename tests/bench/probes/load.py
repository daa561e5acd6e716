"""Imports the modules that stdin names, in that order, as a process that has indexed the app; prints the seconds."""

import importlib
import sys
import time

import azure_functions_runtime

import function_app
from tests.bench.processes import MARK

names = sys.stdin.read().split()
assert None not in (function_app.app, azure_functions_runtime)
print(MARK, file=sys.stderr)
began = time.perf_counter()
for name in names:
    importlib.import_module(name)
print(time.perf_counter() - began)
