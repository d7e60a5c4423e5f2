r"""Formulas of LaTeX between dollar signs, read out in Chinese or English.

`$\frac{1}{2}$` is 二分之一, or "1 over 2"; figures are left to the rules that come after. What is no known command is
read by its name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rhapsode.text.spoken import Spoken, Writer, as_written

_FORMULA: Final = re.compile(r"\$\$(?P<long>[^$]{1,500})\$\$|\$(?P<short>[^\s$](?:[^$\n]{0,300}[^\s$\\])?)\$(?![0-9])")
_MATHS: Final = re.compile(r"[\\^_=+<>{}|*/-]|^[A-Za-z]'?$|[A-Za-z]\(")
"""what a formula has, and `$5 and $` has not"""
_TOKEN: Final = re.compile(r"\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|\S")
_DEEPEST: Final = 20


@dataclass(frozen=True)
class _Words:
    """How one language says formulas; `{0}` and `{1}` are the parts."""

    fraction: str
    root: str
    nth_root: str
    power: str
    square: str
    cube: str
    index: str
    commands: Mapping[str, str]


_GREEK: Final = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega
"""
_GREEK_ZH: Final = """
阿尔法 贝塔 伽马 德尔塔 艾普西隆 泽塔 伊塔 西塔 约塔 卡帕 兰姆达 缪 纽 克西 派 柔 西格玛 陶 宇普西隆 斐 希 普西
欧米伽
"""
_CHINESE: Final = _Words(
    fraction="{1}分之{0}",
    root="根号{0}",
    nth_root="{1}次根号{0}",
    power="{0}次方",
    square="平方",
    cube="立方",
    index="下标{0}",
    commands={
        **dict(zip(_GREEK.split(), _GREEK_ZH.split(), strict=True)),
        "times": "乘", "cdot": "乘", "div": "除以", "pm": "加减", "mp": "减加", "leq": "小于等于", "le": "小于等于",
        "geq": "大于等于", "ge": "大于等于", "neq": "不等于", "ne": "不等于", "approx": "约等于", "equiv": "恒等于",
        "infty": "无穷", "sum": "求和", "prod": "求积", "int": "积分", "lim": "极限", "to": "趋于",
        "rightarrow": "趋于", "in": "属于", "notin": "不属于", "subset": "包含于", "cup": "并", "cap": "交",
        "forall": "任意", "exists": "存在", "partial": "偏", "nabla": "梯度", "sin": "正弦", "cos": "余弦",
        "tan": "正切", "log": "对数", "ln": "自然对数", "exp": "指数", "angle": "角", "circ": "度", "degree": "度",
        "perp": "垂直于", "parallel": "平行于", "triangle": "三角形", "cdots": "省略", "dots": "省略",
        "ldots": "省略", "prime": "撇", "%": "百分号",
        "+": "加", "-": "减", "=": "等于", "<": "小于", ">": "大于", "*": "乘", "/": "除以", "!": "的阶乘", "'": "撇",
        "|": "绝对值",
    },
)  # fmt: skip
_ENGLISH: Final = _Words(
    fraction="{0} over {1}",
    root="the square root of {0}",
    nth_root="root {1} of {0}",
    power="to the power of {0}",
    square="squared",
    cube="cubed",
    index="sub {0}",
    commands={
        **{name: name for name in _GREEK.split()},
        "times": "times", "cdot": "times", "div": "divided by", "pm": "plus or minus", "mp": "minus or plus",
        "leq": "is at most", "le": "is at most", "geq": "is at least", "ge": "is at least", "neq": "is not",
        "ne": "is not", "approx": "is about", "equiv": "is equivalent to", "infty": "infinity",
        "sum": "the sum", "prod": "the product", "int": "the integral", "lim": "the limit", "to": "to",
        "rightarrow": "to", "in": "in", "notin": "not in", "subset": "is a subset of", "cup": "union",
        "cap": "intersection", "forall": "for all", "exists": "there exists", "partial": "partial",
        "nabla": "nabla", "sin": "sine", "cos": "cosine", "tan": "tangent", "log": "log", "ln": "natural log",
        "exp": "exp", "angle": "angle", "circ": "degrees", "degree": "degrees", "perp": "is perpendicular to",
        "parallel": "is parallel to", "triangle": "triangle", "cdots": "and so on", "dots": "and so on",
        "ldots": "and so on", "prime": "prime", "%": "percent",
        "+": "plus", "-": "minus", "=": "equals", "<": "is less than", ">": "is greater than", "*": "times",
        "/": "over", "!": "factorial", "'": "prime", "|": "absolute value",
    },
)  # fmt: skip
_SILENT: Final = frozenset(
    ["left", "right", "big", "Big", "quad", "qquad", "displaystyle", "mathrm", "mathbf", "text", "mathbb", "limits"]
)


def read_formulas(text: str, *, chinese: bool) -> Spoken:
    """`text` with its formulas in words. Each is one stretch; what only looks like one (`$5 and $6`) stays."""
    if "$" not in text:
        return as_written(text)
    writer, place = Writer(), 0
    for found in _FORMULA.finditer(text):
        body = found["long"] or found["short"]
        if not _MATHS.search(body):
            continue
        writer.copy(text[place : found.start()], place)
        said = _Reader(body, _CHINESE if chinese else _ENGLISH, gap="" if chinese else " ").read()
        writer.write(said if chinese else f" {said} ", *found.span())
        place = found.end()
    writer.copy(text[place:], place)
    return writer.spoken()


class _Reader:
    """Reads one formula from left to right."""

    def __init__(self, formula: str, words: _Words, *, gap: str) -> None:
        self._tokens = _TOKEN.findall(formula)
        self._words = words
        self._gap = gap
        self._depth = 0

    def read(self) -> str:
        """All of it; brackets that never opened are passed over."""
        said: list[str] = []
        while self._tokens:
            said.append(self._until_close())
            if self._tokens:
                self._tokens.pop(0)
        return self._joined(said)

    def _until_close(self, close: str = "}") -> str:
        said: list[str] = []
        while self._tokens and self._tokens[0] != close:
            said.append(self._one())
        return self._joined(said)

    def _joined(self, said: list[str]) -> str:
        """Letters side by side stay apart, or they would be a word."""
        text = ""
        for each in filter(None, said):
            apart = self._gap or (" " if text[-1:].isascii() and text[-1:].isalpha() and each[:1].isascii() else "")
            text += (apart if text else "") + each
        return text

    def _one(self) -> str:
        sign = self._tokens.pop(0)
        if sign == "{":
            return self._group()
        if sign == "^":
            return self._raised(self._part())
        if sign == "_":
            return self._words.index.format(self._part())
        if sign.startswith("\\"):
            return self._command(sign[1:])
        return self._words.commands.get(sign, sign if sign.isalnum() or sign in "()（），,." else "")

    def _raised(self, power: str) -> str:
        fixed = {"2": self._words.square, "3": self._words.cube, self._words.commands["circ"]: power}.get(power)
        said = fixed or self._words.power.format(power)
        return said if self._gap or power == self._words.commands["circ"] else "的" + said

    def _command(self, name: str) -> str:
        if name in {"frac", "dfrac", "tfrac"}:
            return self._words.fraction.format(self._part(), self._part())
        if name == "sqrt":
            degree = ""
            if self._tokens and self._tokens[0] == "[":
                self._tokens.pop(0)
                degree = self._until_close("]")
                self._tokens[:1] = []
            inner = self._part()
            return self._words.nth_root.format(inner, degree) if degree else self._words.root.format(inner)
        if name in _SILENT or not name.isalnum():
            return self._words.commands.get(name, "")
        return self._words.commands.get(name) or self._words.commands.get(name.lower(), name)

    def _part(self) -> str:
        """What a command or a power takes: a group, or one sign."""
        if not self._tokens:
            return ""
        if self._tokens[0] == "{":
            self._tokens.pop(0)
            return self._group()
        return self._one()

    def _group(self) -> str:
        if self._depth >= _DEEPEST:
            return ""
        self._depth += 1
        said = self._until_close()
        self._depth -= 1
        self._tokens[:1] = []
        return said
