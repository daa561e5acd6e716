"""The local Functions host: an unmodified function_app.py on Microsoft's own Python runtime, over HTTP on loopback.

What belongs here: what the real host does around the runtime (routes, keys, checks, HTTP). What never does: indexing,
bindings and invocation, which are the runtime's, and knowledge of any particular app.
"""

from lab.host.host import Host
from lab.host.refusal import Refused

__all__ = ["Host", "Refused"]
