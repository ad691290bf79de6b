"""The platform: the same however a version of numpy spells what the processor can do."""

from __future__ import annotations

import pytest

from backsim.results.madewith import arithmetic, normalised

OLD = "Linux x86_64 glibc-2.39 SSSE3 SSE41 SSE42 AVX F16C FMA3 AVX2 AVX512F AVX512_SKX"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (OLD, "Linux x86_64 glibc-2.39 X86_V2 X86_V3 X86_V4", True),
        (OLD, f"{OLD} AVX512_ICL AVX512_SPR", True),
        (OLD, "Linux x86_64 glibc-2.39 X86_V2 X86_V3", False),
        (OLD, OLD.replace("2.39", "2.31"), False),
        (OLD, OLD.replace("Linux", "Windows"), False),
        ("Windows AMD64 - AVX2 FMA3", "Windows AMD64 - X86_V3", True),
        ("Darwin arm64 - NEON ASIMD", "Darwin arm64 - ASIMD NEON NEON_FP16", True),
        ("Darwin arm64 - NEON", "Darwin x86_64 - NEON", False),
    ],
)
def test_only_what_matters_is_compared(one: str, other: str, same: bool) -> None:
    assert (normalised(one) == normalised(other)) is same


def test_it_is_said_in_words_and_stays_so() -> None:
    assert normalised(OLD) == "Linux x86_64 glibc-2.39 vectors of 512 bits"
    assert normalised(arithmetic()) == arithmetic()
    assert "AVX" not in arithmetic()
