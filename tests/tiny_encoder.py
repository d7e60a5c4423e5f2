"""A GGUF of some 40 kB in the shape of BERT, with random weights: an encoder, as many embedding models are.

Its words are the letters: each is a token, and a word that holds anything else is unknown.
"""

from pathlib import Path
from string import ascii_lowercase
from typing import Final

import gguf
import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float32]

CONTEXT: Final = 128
WIDTH: Final = 32

_SPECIAL: Final = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_HEADS: Final = 4
_INNER: Final = 64


def write_tiny_encoder(path: Path, *, seed: int = 0) -> Path:
    """Write the model and return its path."""
    # A word's first piece is marked here, where BERT's own files mark those that follow.
    tokens = [*_SPECIAL, *(f"\u2581{letter}" for letter in ascii_lowercase), *ascii_lowercase]
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name("Tiny encoder")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(_INNER)
    writer.add_block_count(1)
    writer.add_head_count(_HEADS)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(value=False)
    writer.add_pooling_type(gguf.PoolingType.CLS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL if token in _SPECIAL else gguf.TokenType.NORMAL for token in tokens])
    writer.add_token_type_count(2)
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_sep_token_id(3)
    writer.add_eos_token_id(3)
    writer.add_mask_token_id(4)
    for name, weights in _tensors(len(tokens), np.random.default_rng(seed)).items():
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _tensors(vocabulary: int, random: np.random.Generator) -> dict[str, Weights]:
    def noise(*shape: int) -> Weights:
        return random.normal(0, 0.3, shape).astype(np.float32)

    tensors = {
        "token_embd.weight": noise(vocabulary, WIDTH),
        "position_embd.weight": noise(CONTEXT, WIDTH),
        "token_types.weight": noise(2, WIDTH),
        **_norm("token_embd_norm"),
        **_norm("blk.0.attn_output_norm"),
        **_norm("blk.0.layer_output_norm"),
    }
    shapes = dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), (WIDTH, WIDTH))
    for part, (rows, columns) in (shapes | {"ffn_up": (_INNER, WIDTH), "ffn_down": (WIDTH, _INNER)}).items():
        tensors |= {f"blk.0.{part}.weight": noise(rows, columns), f"blk.0.{part}.bias": noise(rows)}
    return tensors


def _norm(name: str) -> dict[str, Weights]:
    return {f"{name}.weight": np.ones(WIDTH, np.float32), f"{name}.bias": np.zeros(WIDTH, np.float32)}
