"""The smallest app: one function. What the host itself costs."""

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="hello")
async def hello(req: func.HttpRequest) -> func.HttpResponse:
    """Answers one word."""
    return func.HttpResponse(f"hello {req.method}")
