"""One `POST /api/checks` in a fresh process; prints as JSON which modules it loaded beyond those of indexing."""

import asyncio
import importlib.machinery
import json
import sys

import azure.functions as func
import azure_functions_runtime

import function_app
from mailcheck import application

_BODY = json.dumps({"mailbox": "shared@contoso.com"}).encode()
_LOADERS = (importlib.machinery.SourceFileLoader, importlib.machinery.ExtensionFileLoader)


def _from_a_file(name: str) -> bool:
    """Whether this module can be imported again by its name: some libraries make modules up as they run."""
    spec = getattr(sys.modules[name], "__spec__", None)
    return spec is not None and isinstance(spec.loader, _LOADERS) and spec.name == name


async def main() -> None:
    """Runs the check and prints the answer's status and the modules in the order of loading."""
    indexed = {*sys.modules, azure_functions_runtime.__name__, function_app.__name__}
    headers = {"content-type": "application/json"}
    request = func.HttpRequest(method="POST", url="/api/checks", headers=headers, body=_BODY)
    answer = await application().http.create_check(request)
    loaded = [name for name in sys.modules if name not in indexed]
    print(
        json.dumps(
            {
                "status": json.loads(answer.get_body())["status"],
                "modules": [name for name in loaded if _from_a_file(name)],
                "botbuilder": [name for name in sys.modules if name.startswith(("botbuilder", "botframework"))],
            }
        )
    )


asyncio.run(main())
