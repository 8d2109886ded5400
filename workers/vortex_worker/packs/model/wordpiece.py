"""Text to the numbers that BERT knows.

Source: J. Devlin et al., BERT (2018), whose tokenizer first parts words and
punctuation and then takes of each word the longest pieces of a vocabulary.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_LONGEST_WORD = 100


class WordPiece:
    """A vocabulary of pieces; those that go on a word begin with `##`.

    Args:
        vocabulary: a piece a line; its number is that of the line.
        lower: capital letters and accents do not count.

    Raises:
        ValueError: it lacks one of the pieces that every text needs.
    """

    def __init__(self, vocabulary: str, *, lower: bool = True) -> None:
        self._numbers = {piece: number for number, piece in enumerate(vocabulary.splitlines())}
        self._lower = lower
        if missing := {"[UNK]", "[CLS]", "[SEP]"} - self._numbers.keys():
            raise ValueError(f"the vocabulary lacks {min(missing)}")

    def encode(self, text: str, most: int) -> list[int]:
        """The numbers of a text, with a beginning and an end, `most` at most."""
        inner = [number for word in self._words(text) for number in self._pieces(word)][: most - 2]
        return [self._numbers["[CLS]"], *inner, self._numbers["[SEP]"]]

    def _words(self, text: str) -> Iterator[str]:
        plain = "".join(_cleaned(each) for each in text)
        if self._lower:
            parted = unicodedata.normalize("NFD", plain)
            # Marks go before letters become small: İ would gain one.
            plain = "".join(each for each in parted if unicodedata.category(each) != "Mn").lower()
        for word in plain.split():
            yield from _parted(word)

    def _pieces(self, word: str) -> list[int]:
        if len(word) > _LONGEST_WORD:
            return [self._numbers["[UNK]"]]
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if (number := self._numbers.get(piece)) is not None:
                    break
            else:
                return [self._numbers["[UNK]"]]
            found.append(number)
            start = end
        return found


def _cleaned(each: str) -> str:
    if each in "\t\n\r" or unicodedata.category(each) == "Zs":
        return " "
    if each in "\0\ufffd" or unicodedata.category(each).startswith("C"):
        return ""
    # Each of these is a word: their languages put no spaces between words.
    return f" {each} " if _is_ideograph(ord(each)) else each


def _is_ideograph(code: int) -> bool:
    return (
        0x4E00 <= code <= 0x9FFF
        or 0x3400 <= code <= 0x4DBF
        or 0x20000 <= code <= 0x2CEAF
        or 0xF900 <= code <= 0xFAFF
        or 0x2F800 <= code <= 0x2FA1F
    )


def _parted(word: str) -> Iterator[str]:
    """A word's runs of letters and digits, and each of its other characters."""
    run = ""
    for each in word:
        if _is_punctuation(each):
            if run:
                yield run
            yield each
            run = ""
        else:
            run += each
    if run:
        yield run


def _is_punctuation(each: str) -> bool:
    # All ASCII that is neither letter nor digit counts, `$` and `^` too.
    return (each.isascii() and not each.isalnum()) or unicodedata.category(each).startswith("P")
