"""Which language a piece of text is spoken in."""

import pytest

from rhapsode.text.language import spoken_language


@pytest.mark.parametrize(
    ("text", "language", "voice", "spoken"),
    [
        ("你好", None, "zh", "zh"),
        ("你好", None, "zh-CN", "zh"),
        ("你好", None, "en", "zh"),
        ("你好", None, "yue", "yue"),
        ("你好", None, "zh-HK", "yue"),
        ("你好", None, "ja", "ja"),
        ("你好", "yue", "zh", "yue"),
        ("你好", "en", "zh", "zh"),
        ("我爱Python", None, "zh", "zh"),
        ("hello world", None, "zh", "en"),
        ("hello world", None, "en-US", "en"),
        ("bonjour", None, "fr", "fr"),
        ("bonjour", "fr", "zh", "fr"),
        ("hola", None, "es-MX", "es"),
        ("こんにちは", None, "zh", "ja"),
        ("日本のカメラ", None, "zh", "ja"),
        ("안녕하세요", None, "en", "ko"),
        ("привет", None, "zh", "ru"),
        ("привет", None, "uk", "uk"),
        ("Привіт", None, "ru", "uk"),
        ("здравей", "bg", "zh", "bg"),
        ("مرحبا", None, "en", "ar"),
        ("سلام", None, "fa", "fa"),
        ("สวัสดี", None, "zh", "th"),
        ("שלום", None, "zh", "he"),
        ("नमस्ते", None, "zh", "hi"),
        ("123", None, "zh", "zh"),
        ("123", "en", "zh", "en"),
        ("123", None, "fr", "fr"),
        ("A", None, "zh", "zh"),
        ("A", None, "en", "en"),
        ("x", None, "cmn", "zh"),
    ],
)
def test_a_wish_then_the_letters_then_the_voice(text: str, language: str | None, voice: str, spoken: str) -> None:
    assert spoken_language(text, language=language, voice=voice) == spoken
