"""Asks a network that points where the gripper is: Molmo, as the paper's authors did.

Either Molmo 2 (or another image-to-text network that ``transformers`` holds) in this process, or
any OpenAI-compatible endpoint such as vLLM's. Answers give percent (``<point x="12.5" y="40">``,
Molmo) or thousandths (``<points coords="1 1 125 400"/>``, Molmo 2). Sources: handbook molmoact.md
6.2; the model cards of allenai/Molmo-7B-D-0924 and allenai/Molmo2-8B.
"""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.types import TRACE_MAX, StudioError
from training.data.pictures import encode_png

QUESTION = "point to the robot gripper"
MAX_TOKENS = 448
ATTEMPTS = 3
TIMEOUT_S = 120.0
MAX_ANSWER = 1_000_000
"""Bytes of an endpoint's answer that are read; more is no answer to this question."""

_ATTRIBUTE = re.compile(r"""\b([xy])1?\s*=\s*["']?\s*(\d+(?:\.\d+)?)""")
_COORDS = re.compile(
    r"""\bcoords\s*=\s*["'](?:[^"']*?[\t:;,])?\s*\d+(?:\.\d+)?\s+\d+\s+(\d+)\s+(\d+)"""
)


class Pointer(Protocol):
    """Finds something in a picture."""

    def point(self, picture: NDArray[np.uint8], question: str) -> NDArray[np.float64] | None:
        """Return the (2,) place in 0..255, or None when the network gives none.

        Args:
            picture: (H, W, 3) uint8 RGB.
            question: What to point to, as a sentence.
        """
        ...


def question_for(arm: str, arms: Iterable[str]) -> str:
    """Return the paper's question, with the side where there are two arms."""
    return f"{QUESTION} on the {arm}" if len(list(arms)) > 1 else QUESTION


def read_point(answer: str) -> NDArray[np.float64] | None:
    """Return the first place that an answer gives, (2,) in 0..255, or None.

    Places outside of the picture count as none.
    """
    coords = _COORDS.search(answer)
    if coords:
        place = np.array([float(coords[1]), float(coords[2])]) / 1000.0
    else:
        found: dict[str, float] = {}
        for axis, value in _ATTRIBUTE.findall(answer):
            found.setdefault(axis, float(value))
        if len(found) < 2:
            return None
        place = np.array([found["x"], found["y"]]) / 100.0
    return place * TRACE_MAX if (place <= 1.0).all() else None


class HttpPointer:
    """An OpenAI-compatible endpoint, such as ``vllm serve allenai/Molmo2-8B``."""

    def __init__(self, url: str, model: str = "", *, wait_s: float = 1.0) -> None:
        """Ask which model it serves.

        Args:
            url: Where it listens, such as "http://127.0.0.1:8000" or with "/v1" at its end.
            model: Name of the model; the first that is served when empty.
            wait_s: Pause before a request is tried again, doubled each time.

        Raises:
            StudioError: If it cannot be reached.
        """
        if urllib.parse.urlparse(url).scheme not in ("http", "https"):
            raise StudioError(f"'{url}' is no address; expected http://HOST:PORT.")
        self._base = url.rstrip("/").removesuffix("/v1") + "/v1"
        self._wait_s = wait_s
        self._model = model or self._first_model()

    def point(self, picture: NDArray[np.uint8], question: str) -> NDArray[np.float64] | None:
        """See :meth:`Pointer.point`.

        Raises:
            StudioError: If the endpoint gives no answer after several attempts.
        """
        data = base64.b64encode(encode_png(picture)).decode("ascii")
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        content = [image, {"type": "text", "text": question}]
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": content}],
            "temperature": 0,
            "max_tokens": MAX_TOKENS,
        }
        answer = self._ask("/chat/completions", body)
        try:
            text = answer["choices"][0]["message"]["content"]
        except (KeyError, IndexError, TypeError) as error:
            raise StudioError(f"The endpoint {self._base} gave an answer without text.") from error
        return read_point(str(text or ""))

    def _first_model(self) -> str:
        answer = self._ask("/models", None)
        try:
            return str(answer["data"][0]["id"])
        except (KeyError, IndexError, TypeError) as error:
            raise StudioError(f"The endpoint {self._base} serves no model.") from error

    def _ask(self, place: str, body: dict[str, Any] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self._base + place, data=data, headers={"Content-Type": "application/json"}
        )
        reason = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(self._wait_s * 2 ** (attempt - 1))
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                    return json.loads(answer.read(MAX_ANSWER))
            except urllib.error.HTTPError as error:
                reason = f"{error.code} {error.read(300).decode(errors='replace')}"
                if error.code < 500 and error.code != 429:
                    break
            except (OSError, ValueError) as error:
                reason = str(error)
        raise StudioError(f"The endpoint {self._base} does not answer: {reason}.")


class LocalPointer:
    """A network that ``transformers`` holds, such as Molmo 2, in this process."""

    def __init__(self, name: str, device: str = "cpu") -> None:
        """Load the network.

        Args:
            name: Folder of a checkpoint, or its name on the hub.
            device: Where it runs.

        Raises:
            StudioError: If it cannot be loaded without running the checkpoint's own code.
        """
        from transformers import AutoModelForImageTextToText, AutoProcessor

        try:
            self._processor: Any = AutoProcessor.from_pretrained(name)
            model: Any = AutoModelForImageTextToText.from_pretrained(name, dtype="auto")
        except (OSError, ValueError, KeyError, ImportError) as error:
            reason = str(error).strip().splitlines()[0]
            raise StudioError(
                f"The network '{name}' cannot be loaded: {reason} Molmo 2 can be loaded here; the "
                "first Molmo brings code of its own, so serve it with vLLM and give --pointing-url."
            ) from error
        self._model = model.to(device).eval()
        self._device = device

    def point(self, picture: NDArray[np.uint8], question: str) -> NDArray[np.float64] | None:
        """See :meth:`Pointer.point`."""
        import torch
        from PIL import Image

        image = {"type": "image", "image": Image.fromarray(picture)}
        message = {"role": "user", "content": [image, {"type": "text", "text": question}]}
        inputs = self._processor.apply_chat_template(
            [message],
            add_generation_prompt=True,
            tokenize=True,
            return_tensors="pt",
            return_dict=True,
        ).to(self._device)
        with torch.inference_mode():
            tokens = self._model.generate(**inputs, max_new_tokens=MAX_TOKENS, do_sample=False)
        new = tokens[0, inputs["input_ids"].shape[1] :]
        return read_point(str(self._processor.decode(new, skip_special_tokens=True)))


@cache
def load_pointer(url: str, name: str, device: str = "cpu") -> Pointer:
    """Return the endpoint at an address, or else the network of a name; once for each process.

    Raises:
        StudioError: If neither is given, or it cannot be had.
    """
    if url:
        return HttpPointer(url, name)
    if not name:
        raise StudioError(
            "Pointing needs a network: give --pointing-url http://HOST:PORT of a vLLM server, or "
            "--pointing-model with a folder or a name on the hub."
        )
    return LocalPointer(name, device)
