"""Serves ministack, our extension of it and our own few endpoints on one loopback port."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HOST = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """A listening loopback socket. ``port`` 0 takes a free one, without the race of looking for it first."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(128)
    return listener


def serve(listener: socket.socket) -> None:
    """Serve until the process is ended. ministack reads its port from the environment when it is imported."""
    port = listener.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)
    os.environ["MINISTACK_HOST"] = HOST
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack.app import app as ministack_app

    from . import (
        batch_jobs,
        containers,
        databases,
        endpoints,
        events,
        extension,
        file_systems,
        loadbalancing,
        machine_images,
        machines,
        metadata,
        scaling_policies,
        scheduled_actions,
        scheduler,
        tasks,
        volume_reports,
    )

    extension.install()
    ours = (
        metadata,
        machines,
        machine_images,
        file_systems,
        loadbalancing,
        volume_reports,
        scaling_policies,
        scheduled_actions,
        scheduler,
        events,
        containers,
        batch_jobs,
        databases,
        tasks,
    )
    application = endpoints.beside(ministack_app, [one for module in ours for one in module.ENDPOINTS])
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.loglevel = os.environ.get("LOG_LEVEL", "INFO")
    asyncio.run(hypercorn_serve(application, config))
