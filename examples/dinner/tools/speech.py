"""Dates, times and numbers as people write and as people say them."""

from __future__ import annotations

import re
from datetime import date

_DIGITS = ("", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")
_HOURS = {5: "다섯", 6: "여섯", 7: "일곱", 8: "여덟", 9: "아홉"}
_COUNTS = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_MONTHS = {6: "유", 10: "시"}  # 유월, 시월
_WEEKDAYS = "월화수목금토일"


def spoken_number(number: int) -> str:
    """1 to 9,999 in Sino-Korean: 130 → 백삼십."""
    said = ""
    for value, name in ((1000, "천"), (100, "백"), (10, "십")):
        count, number = divmod(number, value)
        said += ("" if count == 1 else _DIGITS[count]) + name if count else ""
    return said + _DIGITS[number]


def spoken_count(number: int) -> str:
    """1 to 9 as they stand before 개: 3 → 세."""
    return _COUNTS[number]


def spoken(text: str) -> str:
    """The text with its numbers in words: 은하로 120, 703호 → 은하로 백이십, 칠백삼호."""
    return re.sub(r"\d+", lambda found: spoken_number(int(found[0])), text)


def spoken_day(day: date) -> str:
    """December 4th → 십이월 사일."""
    return f"{_MONTHS.get(day.month) or spoken_number(day.month)}월 {spoken_number(day.day)}일"


def spoken_time(time: str) -> str:
    """19:30 → 일곱시 반."""
    hour, minute = map(int, time.split(":"))
    return f"{_HOURS[hour - 12]}시{' 반' if minute else ''}"


def written_time(time: str) -> str:
    """19:30 → 저녁 7시 30분."""
    hour, minute = map(int, time.split(":"))
    part = "오후" if hour == 17 else "밤" if hour == 21 else "저녁"
    return f"{part} {hour - 12}시{f' {minute}분' if minute else ''}"


def day_name(day: date) -> str:
    """12월 4일 금요일."""
    return f"{day.month}월 {day.day}일 {_WEEKDAYS[day.weekday()]}요일"
