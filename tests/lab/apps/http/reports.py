"""A blueprint, found beside function_app.py."""

import azure.functions as func

bp = func.Blueprint()


@bp.route(route="reports", methods=["PUT"])
async def replace_report(req: func.HttpRequest) -> str:
    """Answers PUT."""
    return f"blueprint {req.method}"


@bp.route(route="reports", methods=["DELETE"])
async def delete_report(req: func.HttpRequest) -> str:
    """Answers DELETE at the same route."""
    return f"blueprint {req.method}"
