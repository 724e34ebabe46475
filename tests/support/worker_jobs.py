"""Jobs for the tests of `cbw_core.channel.Worker`; they run in its child."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from cbw_core.errors import RecipeError

Emit = Callable[[dict[str, Any]], None]


async def echo(state: dict[Any, Any], payload: dict[str, Any], emit: Emit) -> Any:
    emit({"n": 1})
    await asyncio.sleep(0)
    emit({"n": 2})
    return payload


async def count(state: dict[Any, Any], payload: dict[str, Any], emit: Emit) -> Any:
    state["count"] = state.get("count", 0) + 1
    return state["count"]


async def refuse(state: dict[Any, Any], payload: dict[str, Any], emit: Emit) -> Any:
    raise RecipeError("wrong", kind="odd", hint="do so")


async def divide(state: dict[Any, Any], payload: dict[str, Any], emit: Emit) -> Any:
    return 1 / 0


async def die(state: dict[Any, Any], payload: dict[str, Any], emit: Emit) -> Any:
    sys.stderr.write("last words\n")
    sys.stderr.flush()
    os._exit(7)


async def chatter(state: dict[Any, Any], payload: dict[str, Any], emit: Emit) -> Any:
    sys.stdout.write("noise\n")
    sys.stdout.flush()
    subprocess.run(["echo", "more noise"], check=True)
    return "quiet"


async def hang(state: dict[Any, Any], payload: dict[str, Any], emit: Emit) -> Any:
    child = subprocess.Popen(["sleep", "1000"])
    emit({"worker": os.getpid(), "child": child.pid})
    child.wait()


async def environment(state: dict[Any, Any], payload: dict[str, Any], emit: Emit) -> Any:
    return dict(os.environ)


async def pid(state: dict[Any, Any], payload: dict[str, Any], emit: Emit) -> Any:
    return os.getpid()
