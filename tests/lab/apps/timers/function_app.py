"""An HTTP function beside triggers that this host indexes and does not fire."""

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="%GREETING%")
async def greet(req: func.HttpRequest) -> str:
    """Its route is a setting."""
    return req.url


@app.timer_trigger(arg_name="timer", schedule="%DAILY%")
async def daily(timer: func.TimerRequest) -> None:
    """Its schedule is a setting."""


@app.queue_trigger(arg_name="message", queue_name="checks", connection="CheckQueue")
@app.queue_output(arg_name="$return", queue_name="results", connection="CheckQueue")
def one(message: func.QueueMessage) -> str:
    """Its connection is set in parts."""
    return message.get_body().decode()
