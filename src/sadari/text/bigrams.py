"""Search terms for Korean: character bigrams for Hangul, whole words for everything else.

Korean nouns carry their particles (`압력은`, `압력이`, `압력에서는`) and compounds are spaced as
the writer likes (`배송 기간`, `배송기간`); overlapping bigrams find both without a dictionary.
Codes such as `VG12` or `A-AL01` must not be torn: `VG12` is not nearly `VG13`.
"""

from __future__ import annotations

import re

from sadari.text.normalise import normalise

_CJK = "가-힣ㄱ-ㆎᄀ-ᇿ㐀-鿿ぁ-ヿ"
_LETTER = rf"(?![{_CJK}])[^\W_¼-¾⅐-⅟①-⓿]"  # a letter or digit that is neither of CJK nor a sign
_RUN = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?:\d+(?:\.\d+)+|{_LETTER})+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


def bigrams(text: str) -> list[str]:
    """Returns the search terms of `text`, in order, repeated as often as they occur.

    Hangul (and Han, kana) runs give their first character and overlapping pairs of characters.
    The first character is what nouns of one syllable (막, 값) keep under any particle. Other runs
    stay whole (`vg12`, `13.56`); parts that hyphens or a space between letters and digits separate
    are given joined as well, so that `VG 12`, `VG-12` and `VG12` meet.
    """
    text = _THOUSANDS.sub("", normalise(text))
    terms: list[str] = []
    code = last = ""  # the hyphenated code so far (`aal01`), and its last part
    end = 0
    for run in _RUN.finditer(text):
        word = run.group()
        if run["cjk"]:
            terms.extend(_pairs(word))
            continue
        terms.append(word)
        gap, end = text[end : run.start()], run.end()
        if last and gap in ("-", "_"):
            code += word
            terms.append(code)
        else:
            if gap == " " and {_kind(last), _kind(word)} == {"letters", "number"}:
                terms.append(last + word)
            code = word
        last = word
    return terms


def _kind(word: str) -> str:
    if word.isalpha():
        return "letters"
    return "number" if word.replace(".", "").isdigit() else "code"


def _pairs(run: str) -> list[str]:
    return [run[0], *(run[i : i + 2] for i in range(len(run) - 1))]
