"""What espeak-ng's Mandarin cannot read, spelt so that it can.

Its dictionary (1.52) gives some characters a pinyin syllable that its own rules do not know, and what they do not know
is spelt out as English: 熊猫 became "kshung-two mao". There are two families: the syllables in -iong, and words that
end in 儿, which it takes for one syllable, huar.
"""

import re
from typing import Final

# Characters of the basic block (U+4E00 to U+9FA5) read jiong, qiong and xiong, by tone.
_IONG: Final = {
    "jiong1": "冂冋坰埛扃絅蘏蘔駉駫",
    "jiong3": "侰僒冏囧泂浻澃炅炯烱煚煛熲燛窘綗褧迥逈颎",
    "qiong1": "芎",
    "qiong2": "儝卭宆惸憌桏橩焪焭煢熍琼璚瓊瓗睘瞏穷穹窮竆笻筇舼茕藑藭蛩蛬赹跫邛銎",
    "xiong1": "兄兇凶匂匈哅忷恟汹洶胷胸訩詾讻賯",
    "xiong2": "熊雄",
    "xiong3": "焽",
    "xiong4": "夐敻焸詗诇",
}
_INITIALS: Final = {"j": "tS;", "q": "tS;h", "x": "S;"}
"""as espeak-ng writes the first sounds of 姜, 强 and 香"""
_TONES: Final = {"1": "55", "2": "35", "3": "214", "4": "51"}

_SPELT: Final = str.maketrans(
    {
        character: f"[[{_INITIALS[syllable[0]]}'io{_TONES[syllable[-1]]}N]]"
        for syllable, characters in _IONG.items()
        for character in characters
    }
)
_BREAK: Final = "\u200b"
"""ends a word without a pause"""
_SUFFIX: Final = re.compile(r"(?<=[\u4e00-\u9fff])(?=儿)")


def respell(text: str) -> str:
    """The text as espeak-ng is to be given it, with `espeakPHONEMES` set; its own double brackets are broken up."""
    words = _SUFFIX.sub(_BREAK, text.replace("[[", f"[{_BREAK}[").replace("兒", "儿"))
    return words.translate(_SPELT).replace("]][[", f"]]{_BREAK}[[")
