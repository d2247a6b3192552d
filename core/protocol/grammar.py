"""The pieces that an answer is made of, as patterns."""

from __future__ import annotations

import re

_NUMBER = r"[+-]?[0-9]{1,6}(?:\.[0-9]{1,12})?"
_POINT = rf"\[\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\]"

DEPTH_TOKEN = re.compile(r"<DEPTH_([0-9]{1,3})>")
POINT = re.compile(_POINT)
TRACE = re.compile(rf"\[\s*{_POINT}(?:\s*,\s*{_POINT})*\s*\]|{_POINT}")
"""A list of points, or a bare point."""

NUMERIC_LIST = re.compile(r"\[[\s\[]*[+\-.0-9]")
"""The beginning of a list that can only be a trace."""

ROW = re.compile(r"\[([^\[\]]*)\]")
NESTED = re.compile(r"\[\s*(?=\[)")
LIST_START = re.compile(r"\[|[^\x00-\x7f]")
"""An opening bracket, or the first symbol of a list whose bracket is missing."""

FIRST_SYMBOL = re.compile(r"[^\x00-\x7f]")
"""Where action symbols begin: nothing else in an answer lies beyond ASCII."""

COMMA = re.compile(r"\s*,\s*")
