"""NN101-NN139: the arrow notation, from characters to statements."""

from nnspec.diagnostics.diagnostic import Code

_NET = "Input(8, 8, 3) -> Conv(4, 3) -> FC(10)\n"

SYNTAX = Code(
    "NN101",
    "syntax",
    "error",
    "something stands where it cannot",
    "The statement could be read up to the marked place, and what stands there does not fit. Each statement that "
    "cannot be read gives one error; the others are checked all the same.",
    failing="Input(8, 8, 3) -> Conv(4, 3 x 3) -> FC(10)\n",
    mended="Input(8, 8, 3) -> Conv(4, 3x3) -> FC(10)\n",
)
UNCLOSED_BRACKET = Code(
    "NN102",
    "unclosed-bracket",
    "error",
    "a bracket that is never closed",
    "Every `(`, `[` and `{` needs its partner. Inside brackets newlines mean nothing, so a statement with an open "
    "bracket ends only at the end of the file or where a line can only begin another statement.",
    failing="Input(8, 8, 3) -> [Conv(4, 3) -> ReLU x 2\noutput relu\n",
    mended="Input(8, 8, 3) -> [Conv(4, 3) -> ReLU] x 2\n",
)
CROSSED_BRACKETS = Code(
    "NN103",
    "crossed-brackets",
    "error",
    "a closing bracket of the wrong kind",
    "`(`, `[` and `{` are closed by `)`, `]` and `}`, the last one opened first.",
    failing="Input(8, 8, 3) -> (Conv(4, 3) -> ReLU] x 2\n",
    mended="Input(8, 8, 3) -> (Conv(4, 3) -> ReLU) x 2\n",
)
STRAY_BRACKET = Code(
    "NN104",
    "stray-bracket",
    "error",
    "a closing bracket that closes nothing",
    "A `)`, `]` or `}` without an open bracket before it in the same statement.",
    failing="Input(8, 8, 3) -> Conv(4, 3)) -> FC(10)\n",
    mended=_NET,
)
OPEN_TEXT = Code(
    "NN105",
    "open-text",
    "error",
    "a text without its closing quote",
    'A text stands between two `"` on one line. A quote in it is written `\\"`, a newline `\\n`, a backslash `\\\\`.',
    failing='Input(8, 8, 3) -> Conv(4, 3, padding="same) -> FC(10)\n',
    mended="Input(8, 8, 3) -> Conv(4, 3, padding=same) -> FC(10)\n",
)
BAD_TEXT = Code(
    "NN106",
    "bad-text",
    "error",
    "an escape that does not exist",
    'The escapes in texts are `\\"`, `\\\\`, `\\/`, `\\n`, `\\t`, `\\r` and `\\u` with four hexadecimal digits. '
    "Folders are separated by `/` on every system.",
    failing='let folder = "c:\\specs"\n' + _NET,
    mended='let folder = "c:/specs"\n' + _NET,
)
SINGLE_QUOTES = Code(
    "NN107",
    "single-quotes",
    "error",
    "a text in single quotes",
    "Texts stand in double quotes. Where a word is meant, as in `padding=same`, none are needed.",
    failing="Input(8, 8, 3) -> Conv(4, 3, padding='same') -> FC(10)\n",
    mended="Input(8, 8, 3) -> Conv(4, 3, padding=same) -> FC(10)\n",
)
LOOKALIKE_LETTER = Code(
    "NN108",
    "lookalike-letter",
    "error",
    "a letter that is not ASCII",
    "Names are written with a-z, A-Z, 0-9 and `_`. Some Cyrillic, Greek and full-width letters look the same and are "
    "others; the error names them. In texts and comments every letter may stand.",
    failing="Input(8, 8, 3) -> \u0421onv(4, 3) -> FC(10)\n",
    mended=_NET,
)
UNKNOWN_CHARACTER = Code(
    "NN109",
    "unknown-character",
    "error",
    "a character that the language does not have",
    "Outside texts and comments a spec is ASCII, with `→` for `->` and `×` for the `x` of a repeat or a size. Word "
    "processors like to put other dashes, quotes and spaces in their place.",
    failing="Input(8, 8, 3) \u21d2 Conv(4, 3) \u21d2 FC(10)\n",
    mended="Input(8, 8, 3) \u2192 Conv(4, 3) \u2192 FC(10)\n",
)
RESERVED_WORD = Code(
    "NN110",
    "reserved-word",
    "error",
    "a reserved word used as a name",
    "`let param default block shared model output import from expect for in if else as and or not true false none _ ?` "
    "are not names, wherever they stand. `x` is one.",
    failing="let from = 4\n" + _NET,
    mended="let start = 4\nInput(8, 8, 3) -> Conv(start, 3) -> FC(10)\n",
)
WRONG_CASE = Code(
    "NN111",
    "wrong-case",
    "error",
    "a capital or lower-case letter in the wrong place",
    "Operators, blocks, shared parts and models start with a capital; numbers, params, tensors, labels and arguments "
    "with a lower-case letter. No name starts with a digit or with `_`.",
    failing="Input(8, 8, 3) -> conv(4, 3) -> FC(10)\n",
    mended=_NET,
)
CHAINED_COMPARISON = Code(
    "NN112",
    "chained-comparison",
    "error",
    "two comparisons in a row",
    "A comparison has two sides. Two comparisons are joined by `and`.",
    failing="let n = 3\nInput(8, 8, 3) -> [Conv(4, 3) if 1 < n < 5] -> FC(10)\n",
    mended="let n = 3\nInput(8, 8, 3) -> [Conv(4, 3) if 1 < n and n < 5] -> FC(10)\n",
)
NEEDS_BRACKETS = Code(
    "NN113",
    "needs-brackets",
    "error",
    "a part that needs brackets around it",
    "From tight to loose: a stage, `if … else …`, then `x n` and `for … in …`, then `: (…)` and `as …`, the arrow. "
    "What should bind otherwise stands in brackets. A shape promise always does.",
    failing="Input(8, 8, 3) -> Conv(3, 1) as e x 2 -> FC(10)\n",
    mended="Input(8, 8, 3) -> Conv(3, 1) x 2 as e -> FC(10)\n",
)
REPEAT_COUNT = Code(
    "NN114",
    "repeat-count",
    "error",
    "a repeat count that cannot be read",
    "Behind the `x` of a repeat, apart from it, stands a number, a name, a call or anything in brackets: `x 3`, "
    "`x n`, `x (n - 1)`.",
    failing="let n = 3\nInput(8, 8, 3) -> [Conv(4, 3, padding=same)] x n - 1 -> FC(10)\n",
    mended="let n = 3\nInput(8, 8, 3) -> [Conv(4, 3, padding=same)] x (n - 1) -> FC(10)\n",
)
BAD_ARROW = Code(
    "NN115",
    "bad-arrow",
    "error",
    "stages that are not joined by arrows",
    "Stages in a row are joined by `->` or `→`, one between every two. Flows side by side are separated by `|` and "
    "stand in braces.",
    failing="Input(8, 8, 3) => Conv(4, 3) => FC(10)\n",
    mended=_NET,
)
FOREIGN_OPERATOR = Code(
    "NN116",
    "foreign-operator",
    "error",
    "a sign of another language",
    "Conditions are joined by `and`, `or` and `not`, powers are written `2^i`, a choice `a if c else b`. Statements "
    "end with their line.",
    failing="let n = 2 ** 3\nInput(8, 8, 3) -> Conv(n, 3) -> FC(10)\n",
    mended="let n = 2^3\nInput(8, 8, 3) -> Conv(n, 3) -> FC(10)\n",
)
POSITIONAL_AFTER_NAMED = Code(
    "NN117",
    "positional-after-named",
    "error",
    "a positional argument behind one with a name",
    "Arguments without a name come first, in the order of the reference page; those with a name follow.",
    failing="Input(8, 8, 3) -> Conv(kernel=3, 4) -> FC(10)\n",
    mended="Input(8, 8, 3) -> Conv(4, kernel=3) -> FC(10)\n",
)
MISSING_COMMA = Code(
    "NN118",
    "missing-comma",
    "error",
    "no comma between two values",
    "Arguments, and the elements of lists and tuples, are separated by commas. One behind the last does no harm.",
    failing="Input(8, 8, 3) -> Conv(4 3) -> FC(10)\n",
    mended=_NET,
)
UNFINISHED = Code(
    "NN119",
    "unfinished",
    "error",
    "a statement that ends too early",
    "The statement, or a part of it in brackets, ends where something has to follow. A line that ends with an arrow, a "
    "comma or an operator goes on in the next.",
    failing="Input(8, 8, 3) -> Conv(4, 3) -> FC(10) ->\n",
    mended=_NET,
)
BAD_NUMBER = Code(
    "NN120",
    "bad-number",
    "error",
    "something that starts like a number and is none",
    "Numbers are `64`, `.5`, `1e-3`, `1_000_000`, `1K`, `1M` and `1G`, sizes `3x3`. Names start with a letter.",
    failing="Input(8, 8, 3) -> Conv(4k, 3) -> FC(10)\n",
    mended="Input(8, 8, 3) -> Conv(4K, 3) -> FC(10)\n",
)
WRONG_EQUALS = Code(
    "NN121",
    "wrong-equals",
    "error",
    "`=` and `==` confused",
    "`=` gives a value a name, in definitions and for arguments; `==` compares two values.",
    failing="let n = 3\nInput(8, 8, 3) -> [Conv(4, 3) if n = 3] -> FC(10)\n",
    mended="let n = 3\nInput(8, 8, 3) -> [Conv(4, 3) if n == 3] -> FC(10)\n",
)
