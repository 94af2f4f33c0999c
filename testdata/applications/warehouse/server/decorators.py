import functools

from fastapi import HTTPException, Request


def staff_required(handler):
    @functools.wraps(handler)
    async def checked(request: Request, *args, **kwargs):
        if getattr(request.state, "user", None) != "staff":
            raise HTTPException(403, "staff only")
        return await handler(request, *args, **kwargs)

    return checked


def timed(unit: str = "s"):
    """A decorator with arguments that checks nothing."""

    def decorate(handler):
        @functools.wraps(handler)
        def measured(*args, **kwargs):
            return handler(*args, **kwargs)

        return measured

    return decorate
