"""Check digits of Korean identifiers and of payment cards. Every function takes plain digits."""

from __future__ import annotations

from datetime import date

_RESIDENT = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_BUSINESS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
# The 7th digit says sex and century of birth; from 5 to 8 the holder is a foreigner.
_CENTURY = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "5": 1900, "6": 1900}
_CENTURY |= {"3": 2000, "4": 2000, "7": 2000, "8": 2000}


def is_resident_number(digits: str) -> bool:
    """Thirteen digits whose last one fits, as numbers given out before October 2020 have it. Those
    of foreigners add 2. Later numbers are drawn at random and hold no check digit."""
    base = 13 if digits[6] in "5678" else 11
    return (base - _weighted(digits[:12], _RESIDENT) % 11) % 10 == int(digits[12])


def is_birth_date(six: str, century: str) -> bool:
    """Whether YYMMDD is a date that a person with this 7th digit can have been born on."""
    try:
        born = date(_CENTURY[century] + int(six[:2]), int(six[2:4]), int(six[4:]))
    except (KeyError, ValueError):
        return False
    return born <= date.today()


def is_business_number(digits: str) -> bool:
    """Ten digits of a business registration (National Tax Service)."""
    total = _weighted(digits[:9], _BUSINESS) + int(digits[8]) * 5 // 10
    return (10 - total % 10) % 10 == int(digits[9])


def is_corporate_number(digits: str) -> bool:
    """Thirteen digits of a corporate registration (Supreme Court registry)."""
    return (10 - _weighted(digits[:12], (1, 2) * 6) % 10) % 10 == int(digits[12])


def is_card_number(digits: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1)."""
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(d), 10)) for d in even)) % 10 == 0


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(d) * w for d, w in zip(digits, weights, strict=True))
