"""Tabs and menus, in their order: the one place that says what stands where."""

from typing import Any

from django.http import HttpRequest

from terresante.kernel.actor import Actor


def frame(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    return {}
