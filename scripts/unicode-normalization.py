"""Writes the table behind the tokenizers' Unicode normalization: python3 scripts/unicode-normalization.py TARGET."""
import sys
import unicodedata

SURROGATES, HANGUL = range(0xD800, 0xE000), range(0xAC00, 0xD7A4)
lines = [
    f"# Decompositions and combining classes of Unicode {unicodedata.unidata_version}, derived from the Unicode Character Database.",
    "# Copyright (c) 1991-2021 Unicode, Inc. SPDX-License-Identifier: Unicode-3.0, https://www.unicode.org/license.txt",
    "# Written by scripts/unicode-normalization.py.",
    "# ccc FIRST LAST CLASS | CODE=CANONICAL | CODE!CANONICAL (never composed) | CODE~COMPATIBILITY",
]

first, current = 0, 0
for code in range(0x110000):
    combining = 0 if code in SURROGATES else unicodedata.combining(chr(code))
    if combining != current:
        if current:
            lines.append(f"ccc {first:X} {code - 1:X} {current}")
        first, current = code, combining

for code in range(0x110000):
    parts = [] if code in SURROGATES or code in HANGUL else unicodedata.decomposition(chr(code)).split()
    if parts:
        composes = unicodedata.normalize("NFC", chr(code)) == chr(code)
        sign = "~" if parts[0].startswith("<") else "=" if composes else "!"
        lines.append(f"{code:X}{sign}" + " ".join(f"{int(part, 16):X}" for part in parts if not part.startswith("<")))

with open(sys.argv[1], "w") as target:
    target.write("\n".join(lines) + "\n")
