"""Modified UTF-7, written as RFC 3501 section 5.1.3 says; the product only ever reads it."""

import base64
import re


def written(name: str) -> str:
    """The name as a server has to send it: printable ASCII as it is, all else in runs of base64."""
    runs = re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", name)
    return "".join(run.replace("&", "&-") if run.isascii() and run.isprintable() else shifted(run) for run in runs)


def shifted(run: str) -> str:
    """One run of base64, whatever its characters."""
    return f"&{base64.b64encode(run.encode('utf-16-be'), b'+,').decode().rstrip('=')}-"
