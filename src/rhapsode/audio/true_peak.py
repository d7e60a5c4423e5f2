"""How loud sound gets between its samples: the estimate of ITU-R BS.1770-4, annex 2, at four times the rate."""

from typing import Final

import numpy as np

from rhapsode.audio.pcm import Samples

SPAN: Final = 12
"""samples that one estimate looks at"""

BEFORE: Final = 5
"""how many of them stand before the sample from which on the estimate is"""

_FIRST: Final = (
    0.0017089843750,
    0.0109863281250,
    -0.0196533203125,
    0.0332031250000,
    -0.0594482421875,
    0.1373291015625,
    0.9721679687500,
    -0.1022949218750,
    0.0476074218750,
    -0.0266113281250,
    0.0148925781250,
    -0.0083007812500,
)
_SECOND: Final = (
    -0.0291748046875,
    0.0292968750000,
    -0.0517578125000,
    0.0891113281250,
    -0.1665039062500,
    0.4650878906250,
    0.7797851562500,
    -0.2003173828125,
    0.1015625000000,
    -0.0582275390625,
    0.0330810546875,
    -0.0189208984375,
)
_PHASES: Final = np.array((_FIRST, _SECOND, _SECOND[::-1], _FIRST[::-1]), np.float32)
"""the annex's table of filter coefficients; the second half mirrors the first"""


def true_peaks(samples: Samples) -> Samples:
    """The highest absolute value from each sample to the next, for the samples `BEFORE` to `len - SPAN + BEFORE`.

    There are `SPAN` - 1 fewer than samples. Every value depends on its own span alone, to the last bit.
    """
    count = len(samples) - SPAN + 1
    peaks = np.abs(samples[BEFORE : BEFORE + count])
    for phase in _PHASES:
        between = np.zeros(count, np.float32)
        for place, weight in enumerate(phase):
            between += weight * samples[place : place + count]
        np.maximum(peaks, np.abs(between), out=peaks)
    return peaks
