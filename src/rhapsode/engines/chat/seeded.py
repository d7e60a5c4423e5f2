"""The same reply again: a seed, and a prompt that is evaluated the same way."""

from rhapsode.core.chat import Sampling


def seeded(sampling: Sampling, *, anew: bool, usual: int | None = None) -> dict[str, object]:
    """What a request body of llama.cpp says of it. `usual` is the seed of a call that names none.

    A prompt of which a part is known already is evaluated in other batches than one that is new, and so to other last
    digits, which now and then decide a token. `anew`: where the call itself names a seed, nothing is taken as known.
    """
    if sampling.seed is not None:
        return {"seed": sampling.seed % 2**32, **({"cache_prompt": False} if anew else {})}
    return {} if usual is None else {"seed": usual}
