"""Formulas read out."""

import pytest

from rhapsode.text.normalise import normalise

FORMULAS = [
    (r"$\frac{1}{2}$", "二分之一", "one over two"),
    (r"$x^2$", "x的平方", "x squared"),
    (r"$x^3+1=0$", "x的立方加一等于零", "x cubed plus one equals zero"),
    (r"$x^{10}$", "x的十次方", "x to the power of ten"),
    (r"$a_1$", "a下标一", "a sub one"),
    (r"$\sqrt{2}$", "根号二", "the square root of two"),
    (r"$\sqrt[3]{8}=2$", "三次根号八等于二", "root three of eight equals two"),
    (r"$\alpha+\beta$", "阿尔法加贝塔", "alpha plus beta"),
    (r"$ab\leq c$", "a b小于等于c", "a b is at most c"),
    (r"$90^\circ$", "九十度", "ninety degrees"),
    (r"$$E=mc^2$$", "E等于m c的平方", "E equals m c squared"),
    (r"$\frac{a+b}{c}$", "c分之a加b", "a plus b over c"),
    (r"$3 \times 4 = 12$", "三乘四等于十二", "three times four equals twelve"),
    (r"$\sin x$", "正弦x", "sine x"),
    (r"$\foo{x}$", "foo x", "foo x"),
    (r"$x$", "x", "x"),
]


@pytest.mark.parametrize(("formula", "chinese", "english"), FORMULAS)
def test_a_formula_is_words(formula: str, chinese: str, english: str) -> None:
    assert " ".join(normalise(formula, language="zh", latex=True).text.split()) == chinese
    assert " ".join(normalise(formula, language="en", latex=True).text.split()) == english


def test_without_the_wish_they_are_text() -> None:
    assert "分之" not in normalise(r"$\frac{1}{2}$", language="zh").text


def test_amounts_of_money_are_none() -> None:
    assert normalise("from $5 to $6", language="en", latex=True).text == "from five dollars to six dollars"


@pytest.mark.parametrize(
    "formula", ["$" + "{" * 300 + "x=" + "}" * 300 + "$", r"$\frac{$", "$^$", "$x_$", "$}=$", r"$\sqrt[=$"]
)
def test_broken_ones_end(formula: str) -> None:
    normalise(formula, language="zh", latex=True)


def test_a_formula_is_one_stretch() -> None:
    spoken = normalise("求$x^2$的值", language="zh", latex=True)
    assert spoken.text == "求x的平方的值"
    assert spoken.span(1, 5) == (1, 6)
