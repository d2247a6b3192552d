# MuJoCo's bindings are compiled and come without types: for pyright everything in them is Any.
from typing import Any

def __getattr__(name: str) -> Any: ...
