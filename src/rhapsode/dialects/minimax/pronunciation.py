"""Readings that a caller gives: `text/(pin1)(yin1)` in `char_to_pitch` and `pronunciation_dict`, `text/other words`."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rhapsode.core.errors import InvalidField
from rhapsode.core.speech import Reading
from rhapsode.dialects.json_body import require

_ALL: Final = """
a ai an ang ao ba bai ban bang bao bei ben beng bi bian biao bie bin bing bo bu ca cai can cang cao ce cen ceng cha
chai chan chang chao che chen cheng chi chong chou chu chua chuai chuan chuang chui chun chuo ci cong cou cu cuan
cui cun cuo da dai dan dang dao de dei den deng di dia dian diao die ding diu dong dou du duan dui dun duo e ei en
eng er fa fan fang fei fen feng fiao fo fou fu ga gai gan gang gao ge gei gen geng gong gou gu gua guai guan guang
gui gun guo ha hai han hang hao he hei hen heng hong hou hu hua huai huan huang hui hun huo ji jia jian jiang jiao
jie jin jing jiong jiu ju juan jue jun ka kai kan kang kao ke kei ken keng kong kou ku kua kuai kuan kuang kui kun
kuo la lai lan lang lao le lei len leng li lia lian liang liao lie lin ling liu lo long lou lu luan lun luo lv lve
ma mai man mang mao me mei men meng mi mian miao mie min ming miu mo mou mu na nai nan nang nao ne nei nen neng ni
nian niang niao nie nin ning niu nong nou nu nuan nun nuo nv nve o ou pa pai pan pang pao pei pen peng pi pian piao
pie pin ping po pou pu qi qia qian qiang qiao qie qin qing qiong qiu qu quan que qun ran rang rao re ren reng ri
rong rou ru rua ruan rui run ruo sa sai san sang sao se sen seng sha shai shan shang shao she shei shen sheng shi
shou shu shua shuai shuan shuang shui shun shuo si song sou su suan sui sun suo ta tai tan tang tao te tei teng ti
tian tiao tie ting tong tou tu tuan tui tun tuo wa wai wan wang wei wen weng wo wu xi xia xian xiang xiao xie xin
xing xiong xiu xu xuan xue xun ya yan yang yao ye yi yin ying yo yong you yu yuan yue yun za zai zan zang zao ze zei
zen zeng zha zhai zhan zhang zhao zhe zhei zhen zheng zhi zhong zhou zhu zhua zhuai zhuan zhuang zhui zhun zhuo zi
zong zou zu zuan zui zun zuo
"""
SYLLABLES: Final = frozenset(_ALL.split())
"""the syllables of Mandarin without tones; ü is v"""
_SYLLABLE: Final = re.compile(r"\(([^()]*)\)")
_TONED: Final = re.compile(r"([a-zü:]+?)([1-5])")


def read_readings(entries: Sequence[str] | None, field: str) -> tuple[Reading, ...]:
    """The readings of a list. Raises `InvalidField`, which names the entry's index."""
    return tuple(read_reading(entry, f"{field}[{index}]") for index, entry in enumerate(entries or ()))


def read_reading(entry: str, field: str) -> Reading:
    """One reading: tones where it stands in brackets, other words where it does not. Raises `InvalidField`."""
    text, slash, reading = (part.strip() for part in entry.partition("/"))
    rule = 'must be "text/(pin1)(yin1)" or "text/other words"'
    require(bool(slash and reading) and any(map(str.isalnum, text)), field, rule)
    if not reading.startswith("("):
        require(any(map(str.isalnum, reading)), field, rule)
        return Reading(text=text, words=reading)
    require(not _SYLLABLE.sub("", reading).strip(), field, "must have every syllable in brackets: (pin1)(yin1)")
    syllables = tuple(_read_syllables(reading, field))
    require(
        len(syllables) == len(text),
        field,
        f"must have one syllable a character: {len(syllables)} for {len(text)}",
    )
    return Reading(text=text, syllables=syllables)


def write_reading(reading: Reading) -> str:
    """As `read_reading` reads it."""
    said = "".join(f"({syllable})" for syllable in reading.syllables)
    return f"{reading.text}/{said or reading.words}"


def _read_syllables(reading: str, field: str) -> Iterator[str]:
    for each in _SYLLABLE.findall(reading):
        toned = _TONED.fullmatch(each.strip().lower())
        if toned is None:
            raise InvalidField(
                field, f"{each[:20]!r} must be a syllable and its tone, 1 to 4, or 5 for the neutral one"
            )
        letters = toned[1].replace("u:", "v").replace("ü", "v")
        letters = {"lue": "lve", "nue": "nve"}.get(letters, letters)
        require(letters in SYLLABLES, field, f"{each[:20]!r} is no syllable of Mandarin")
        yield letters + toned[2]
