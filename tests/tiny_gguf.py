"""A GGUF of some 100 kB that llama.cpp loads and talks with: the shape of a Llama, bytes for tokens, random weights.

Its replies are random letters. Any text can be forced on it by a grammar, for every byte is a token; what it cannot do
is mean anything.
"""

from pathlib import Path
from typing import Final

import gguf
import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]

START, END, PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
TEMPLATE: Final = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CONTEXT: Final = 1024
WIDTH: Final = 32
"""of the hidden state, and so of an embedding"""

_HEADS: Final = 4
_INNER: Final = 64
_LAYERS: Final = 2
_LETTERS: Final = b"abcdefghijklmnopqrstuvwxyz "

# A merge that nothing needs: llama.cpp refuses a vocabulary of this kind without any.
_MERGE: Final = ("q", "q")


def write_tiny_gguf(
    path: Path,
    *,
    seed: int = 0,
    name: str = "Tiny",
    context: int = CONTEXT,
    pooling: gguf.PoolingType | None = None,
) -> Path:
    """Write the model and return its path; the same `seed` gives the same weights. `pooling` makes it one for vectors."""
    tokens = [*(_as_written(byte) for byte in range(256)), "".join(_MERGE), START, END, PAD]
    control = {START, END, PAD}
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(_INNER)
    writer.add_block_count(_LAYERS)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_rope_dimension_count(WIDTH // _HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    if pooling is not None:
        writer.add_pooling_type(pooling)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if token in control else gguf.TokenType.NORMAL for token in tokens])
    writer.add_token_merges([" ".join(_MERGE)])
    writer.add_bos_token_id(tokens.index(START))
    writer.add_eos_token_id(tokens.index(END))
    writer.add_pad_token_id(tokens.index(PAD))
    writer.add_add_bos_token(value=False)
    writer.add_chat_template(TEMPLATE)
    for tensor, weights in _weights(tokens, np.random.default_rng(seed)):
        writer.add_tensor(tensor, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _as_written(byte: int) -> str:
    """The character that a byte-level vocabulary writes for a byte: itself when it is visible, else from U+0100 on."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    if byte in visible:
        return chr(byte)
    return chr(0x100 + [other for other in range(256) if other not in visible].index(byte))


def _weights(tokens: list[str], random: np.random.Generator) -> list[tuple[str, Weights]]:
    def noise(*shape: int) -> Weights:
        return random.normal(0, 0.02, shape).astype(np.float32)

    # Two places of the hidden state are no noise: the first is always on, and the second after a line's end, where a
    # reply begins. They make letters likely, and the end of the reply possible but not as its first token.
    embedding, output = random.normal(0, 0.3, (len(tokens), WIDTH)).astype(np.float32), noise(len(tokens), WIDTH)
    embedding[:, :2] = (4, 0)
    embedding[tokens.index(_as_written(0x0A)), 1] = 4
    output[:, 0] = -8
    output[list(_LETTERS), 0] = 2
    output[tokens.index(END), :2] = (2.2, -6)
    layers = [
        pair
        for layer in range(_LAYERS)
        for pair in (
            (f"blk.{layer}.attn_norm.weight", np.ones(WIDTH, np.float32)),
            (f"blk.{layer}.attn_q.weight", noise(WIDTH, WIDTH)),
            (f"blk.{layer}.attn_k.weight", noise(WIDTH, WIDTH)),
            (f"blk.{layer}.attn_v.weight", noise(WIDTH, WIDTH)),
            (f"blk.{layer}.attn_output.weight", noise(WIDTH, WIDTH)),
            (f"blk.{layer}.ffn_norm.weight", np.ones(WIDTH, np.float32)),
            (f"blk.{layer}.ffn_gate.weight", noise(_INNER, WIDTH)),
            (f"blk.{layer}.ffn_up.weight", noise(_INNER, WIDTH)),
            (f"blk.{layer}.ffn_down.weight", noise(WIDTH, _INNER)),
        )
    ]
    return [
        ("token_embd.weight", embedding),
        *layers,
        ("output_norm.weight", np.ones(WIDTH, np.float32)),
        ("output.weight", output),
    ]
