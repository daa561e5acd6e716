"""The smallest app, one HTTP function on azure.functions alone: what mailcheck's cold start is compared with."""

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("health", methods=["GET"])
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Answers one word."""
    return func.HttpResponse(f"alive, {req.method}")
