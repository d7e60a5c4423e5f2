"""Once a server is ready: what it holds from then on stays, and what it needed for starting is given back."""

import ctypes
import gc
import sys


def settle_memory() -> None:
    """Take what lives as long as the process out of the garbage collector's sight, and free what is free.

    What is not looked through again and again costs no call anything. Importing leaves some 10 MB in pieces that only
    glibc's own trimming gives back.
    """
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
