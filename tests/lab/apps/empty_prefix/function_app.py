"""An app without a route prefix, whose one function takes every path but the home page's."""

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="pages/{*rest}")
def page(req: func.HttpRequest) -> str:
    """Answers the rest of the path."""
    return req.route_params.get("rest", "(none)")
