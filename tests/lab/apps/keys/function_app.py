"""One function for each auth level; `plain` declares none."""

import azure.functions as func

app = func.FunctionApp()


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def anyone(req: func.HttpRequest) -> str:
    """Open to all."""
    return req.method


@app.route(auth_level=func.AuthLevel.FUNCTION)
async def keyed(req: func.HttpRequest) -> str:
    """Asks for a host key."""
    return req.method


@app.route(auth_level=func.AuthLevel.ADMIN)
async def masterful(req: func.HttpRequest) -> str:
    """Asks for the master key."""
    return req.method


@app.route()
async def plain(req: func.HttpRequest) -> str:
    """Asks for what the app asks for by default."""
    return req.method
