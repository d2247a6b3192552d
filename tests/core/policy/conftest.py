"""A policy that answers by a script, so that tests decide when and what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from core.policy.base import Cancelled, check_request
from core.policy.server import PolicyServer
from core.types import (
    ActionChunk,
    Capabilities,
    DepthMap,
    DepthTokens,
    Frame,
    Observation,
    Reasoning,
    Trace,
    TraceSource,
)


class ScriptedPolicy:
    """Reports depth, then a trace, then waits for the test to open the gate, then answers."""

    def __init__(self) -> None:
        self.capabilities = Capabilities(
            name="scripted",
            depth=True,
            trace_out=True,
            trace_in=True,
            stream=True,
            cancel=True,
            chunk=3,
            images=2,
            image_size=(32, 24),
            execute_steps=2,
        )
        self.gate = threading.Event()
        self.gate.set()
        self.started = threading.Semaphore(0)
        self.ended = threading.Semaphore(0)
        self.order: list[str] = []
        self.thread_names: set[str] = set()
        self.seen: list[Observation] = []
        self.failure: Exception | None = None
        self.error = ""

    def infer(
        self,
        observation: Observation,
        trace: Trace | None = None,
        *,
        request_id: int = 0,
        on_stage: Callable[[Reasoning], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Reasoning:
        check_request(observation, trace)
        self.order.append(observation.instruction)
        self.thread_names.add(threading.current_thread().name)
        self.seen.append(observation)
        self.started.release()
        try:
            if self.failure is not None:
                raise self.failure
            answer = Reasoning(
                request_id=request_id,
                text="so far",
                prompt=observation.instruction,
                depth=DepthTokens(codes=np.arange(100)),
                depth_map=DepthMap(values=np.full((6, 8), 0.5), metric=True),
                model_image=observation.frames[0].image,
                steered_by=trace,
                timings={"depth": 0.25},
            )
            if on_stage is not None:
                on_stage(answer)
            answer = replace(answer, traces=(Trace(points=np.array([[1, 2], [3, 4]])),))
            if on_stage is not None:
                on_stage(answer)
            while not self.gate.wait(0.002):
                if cancelled is not None and cancelled():
                    raise Cancelled
            if self.error:
                return replace(answer, error=self.error)
            actions = np.full((3, 7), float(len(observation.instruction)))
            return replace(
                answer, text="done", chunk=ActionChunk(actions=actions), warnings=("a doubt",)
            )
        finally:
            self.ended.release()


@pytest.fixture
def policy() -> Iterator[ScriptedPolicy]:
    scripted = ScriptedPolicy()
    yield scripted
    scripted.gate.set()


@pytest.fixture
def server(policy: ScriptedPolicy) -> Iterator[PolicyServer]:
    with PolicyServer(policy) as running:
        yield running


@pytest.fixture
def observation() -> Observation:
    image = np.arange(24 * 32 * 3, dtype=np.uint8).reshape(24, 32, 3)
    return Observation(
        frames=(
            Frame(camera="front", image=image, t_ns=5, seq=1),
            Frame(camera="wrist", image=image[::-1], t_ns=6, seq=2),
        ),
        instruction="pick up the red cube",
    )


@pytest.fixture
def drawn() -> Trace:
    return Trace(points=np.array([[0.0, 1.5], [255.0, 128.0]]), source=TraceSource.USER)


@pytest.fixture(scope="session")
def tiny():
    """A real checkpoint in memory, of a size that answers garbage at once."""
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    from core.model.configuration import (
        MolmoActAdapterConfig,
        MolmoActConfig,
        MolmoActLlmConfig,
        MolmoActVitConfig,
    )
    from core.model.image_processing import MolmoActImageProcessor
    from core.model.loading import LoadedModel
    from core.model.modeling import MolmoActForActionReasoning
    from core.model.processing import MolmoActProcessor
    from core.model.vqvae import DepthVqVae, VqVaeConfig
    from core.protocol.action_symbols import SYMBOLS

    torch.manual_seed(0)
    vocabulary = {f"<0x{byte:02X}>": byte for byte in range(256)}
    vocabulary |= {chr(code): len(vocabulary) + code - 32 for code in range(32, 127)}
    words = Tokenizer(models.BPE(vocab=vocabulary, merges=[], byte_fallback=True))
    words.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    depth = ["<DEPTH_START>", "<DEPTH_END>", *(f"<DEPTH_{code}>" for code in range(128))]
    words.add_tokens([AddedToken(text, normalized=False) for text in (*depth, *SYMBOLS)])
    words.add_special_tokens(["<|endoftext|>"])
    size = words.get_vocab_size()
    words.add_special_tokens(["<im_start>", "<im_end>", "<im_patch>", "<im_col>"])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<|endoftext|>", clean_up_tokenization_spaces=False
    )
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 8}
    config = MolmoActConfig(
        vit_config=MolmoActVitConfig(
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            image_default_input_size=(40, 40),
            image_patch_size=20,
            image_num_pos=4,
            **heads,
        ),
        adapter_config=MolmoActAdapterConfig(
            vit_layers=(-1,), hidden_size=16, intermediate_size=32, text_hidden_size=16, **heads
        ),
        llm_config=MolmoActLlmConfig(
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            vocab_size=size,
            max_position_embeddings=4096,
            init_scale=1.0,
            **heads,
        ),
        image_patch_id=tokenizer.convert_tokens_to_ids("<im_patch>"),
        norm_stats={"lab": {"action": {"q01": [-0.1] * 6 + [0.0], "q99": [0.1] * 6 + [1.0]}}},
        image_size=[32, 24],
        depth_range={"near": 0.5, "far": 2.0},
        chunk=2,
        execute_steps=1,
    )
    processor = MolmoActProcessor(
        MolmoActImageProcessor(
            crop_mode="resize",
            base_image_input_size=(40, 40),
            image_patch_size=20,
            image_pooling_w=1,
            image_pooling_h=1,
            overlap_margins=(0, 0),
        ),
        tokenizer,
        use_col_tokens=False,
    )
    return LoadedModel(
        model=MolmoActForActionReasoning(config).eval(),
        processor=processor,
        tokenizer=tokenizer,
        vqvae=DepthVqVae(VqVaeConfig(hidden_dim=2, codebook_dim=8)).eval(),
        config=config,
        name="tiny",
    )


@pytest.fixture
def answering(tiny):
    """Make the tiny checkpoint say a given text, whatever it is asked."""
    from types import SimpleNamespace

    import torch

    class Table:
        """Embeds every id as itself; of a type that no lean pass takes."""

        embedding = torch.zeros(1, dtype=torch.bfloat16)

        def __call__(self, ids):
            return ids

    class Speech:
        """The decoder of a parrot: hidden states are its logits."""

        wte, config = Table(), tiny.config.llm_config

        def __init__(self, parrot) -> None:
            self.parrot = parrot

        def __call__(self, ids, positions, *_):
            self.parrot.asked.append({"input_ids": ids, **self.parrot.pictures})
            self.parrot.pictures = {}
            places = (positions - self.parrot.prompt + 1).tolist()
            rows = [torch.stack([self.parrot.logits(i) for i in row]) for row in places]
            return torch.stack(rows)

    class Parrot:
        """Speaks as a whole model, and through the parts that the decoding engine uses."""

        device, dtype = torch.device("cpu"), torch.float32

        def __init__(self, text: str) -> None:
            self.ids = [*tiny.processor.encode_text(text), tiny.processor.ids.eos]
            self.asked: list[dict] = []
            self.config = tiny.config
            self.lm_head = SimpleNamespace(weight=torch.eye(len(tiny.tokenizer)))
            self.model = SimpleNamespace(transformer=Speech(self))
            self.prompt, self.pictures = 0, {}

        def embed(self, ids, features):
            colon = tiny.tokenizer.convert_tokens_to_ids(":")
            self.prompt = int((ids[0] == colon).nonzero()[-1]) + 1
            return ids

        def encode_images(self, images, indices):
            self.pictures = {"images": images, "pooled_patches_idx": indices}

        def logits(self, index: int) -> torch.Tensor:
            logits = torch.zeros(len(tiny.tokenizer))
            if 0 <= index < len(self.ids):
                logits[self.ids[index]] = 1.0
            return logits

        def __call__(self, **inputs):
            self.asked.append(inputs)
            logits = self.logits(len(self.asked) - 1)
            return SimpleNamespace(logits=logits[None, None])

    return lambda text: replace(tiny, model=Parrot(text))
