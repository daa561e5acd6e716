"""What may become of an HTTP server's answer."""

from collections.abc import Mapping

from tests.faults.services import HttpFault

HTTP_FAULTS: Mapping[str, HttpFault] = {}
