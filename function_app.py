"""The triggers, and nothing else: each rings the bell of the application that compose.py builds on first use."""

import sys
from pathlib import Path

import azure.functions as func

sys.path.insert(0, str(Path(__file__).parent / "src"))

from mailcheck import application

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.route("checks", methods=["POST"])
async def create_check(req: func.HttpRequest) -> func.HttpResponse:
    """Runs one check now and answers its report."""
    return await application().http.create_check(req)


@app.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Alive, and configured or the names of what is missing."""
    return await application().http.health(req)


# Anonymous for Functions: the bot's guard checks the token that Teams sends.
@app.route("messages", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def messages(req: func.HttpRequest) -> func.HttpResponse:
    """One activity from Teams."""
    return await application().messages(req)


# Where two routes fit, the host asks the function whose name comes first: this one has to come last.
@app.route("{*rest}", auth_level=func.AuthLevel.ANONYMOUS)
async def zz_not_found(req: func.HttpRequest) -> func.HttpResponse:
    """Everything else below /api: 404 in the API's own form."""
    return await application().http.not_found(req)
