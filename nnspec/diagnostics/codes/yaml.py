"""NN140-NN199: YAML files, from their characters to the keys of the outer document."""

from nnspec.diagnostics.diagnostic import Code

_NETWORK = "network: Input(8) -> FC(3)\n"
_MENDED = "nnspec: 1\n" + _NETWORK

YAML_SYNTAX = Code(
    "NN140",
    "yaml-syntax",
    "error",
    "the file is not YAML",
    "YAML gives a meaning to `: `, ` #`, `{`, `[`, `,`, `&`, `*` and quotes. An arrow line that holds one of them is "
    "safest in quotes, or in a block text after `|`. Lines are indented with spaces, never with tabs.",
    failing="nnspec: 1\nnetwork: [Input(8), Concat{ FC(3) | FC(4) }]\n",
    mended='nnspec: 1\nnetwork: [Input(8), "Concat{ FC(3) | FC(4) }"]\n',
    surface="yaml",
)
YAML_CHARACTER = Code(
    "NN141",
    "yaml-character",
    "error",
    "a character that YAML does not allow",
    "Control characters other than tab and line end, lone surrogates and a byte order mark in the middle of the file "
    "cannot stand in a YAML file. In double quotes they may be written as escapes, such as `\\x07`.",
    surface="none",
)
NOT_UTF8 = Code(
    "NN142",
    "not-utf8",
    "error",
    "the file is not UTF-8",
    "A spec is UTF-8 text, with or without a byte order mark. Save the file as UTF-8, or convert it: "
    "`iconv -f LATIN1 -t UTF-8`.",
    surface="none",
)
DUPLICATE_KEY = Code(
    "NN143",
    "duplicate-key",
    "error",
    "a key written twice in one mapping",
    "YAML mappings hold each key once. Most readers keep the last one silently; here it is an error that shows both.",
    failing="nnspec: 1\nparams: {width: 8, width: 16}\nnetwork: Input(8) -> FC(width)\n",
    mended="nnspec: 1\nparams: {width: 16}\nnetwork: Input(8) -> FC(width)\n",
    surface="yaml",
)
BAD_ALIAS = Code(
    "NN144",
    "bad-alias",
    "error",
    "an alias of nothing, or of what holds it",
    "`*name` stands for the value that `&name` marked above it. A value cannot hold itself. A text that begins with "
    "`*` or `&` needs quotes.",
    failing="nnspec: 1\nnetwork: [Input(8), *head]\n",
    mended="nnspec: 1\nnetwork: [Input(8), &head FC(3), *head]\n",
    surface="yaml",
)
MERGE_KEY = Code(
    "NN145",
    "merge-key",
    "error",
    "a merge key",
    "`<<` belongs to YAML 1.1; YAML 1.2, which specs are written in, has no merge keys. Arguments that many operators "
    "share go under `default`.",
    failing="nnspec: 1\nlet: &a {c: 3}\nparams: {<<: *a}\nnetwork: Input(8) -> FC(c)\n",
    mended="nnspec: 1\nlet: {c: 3}\nnetwork: Input(8) -> FC(c)\n",
    surface="yaml",
)
UNKNOWN_TAG = Code(
    "NN146",
    "unknown-tag",
    "error",
    "a tag that a spec cannot use",
    "A spec is data, so tags that ask for objects, such as `!!python/object`, are refused and never followed. The tags "
    "of YAML's core schema are `!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!seq` and `!!map`.",
    failing="nnspec: 1\nnetwork: !flow Input(8) -> FC(3)\n",
    mended=_MENDED,
    surface="yaml",
)
SEVERAL_DOCUMENTS = Code(
    "NN147",
    "several-documents",
    "error",
    "more than one YAML document in a file",
    "`---` between two parts of a file starts a second document. A spec is one document; `models` holds several "
    "networks.",
    failing=_MENDED + "---\nname: second\n",
    mended=_MENDED,
    surface="yaml",
)
BAD_KEY = Code(
    "NN148",
    "bad-key",
    "error",
    "a key that is no name",
    "Keys are texts. A list or mapping cannot be a key, and an arrow line that holds `: ` is taken apart by YAML "
    "unless it stands in quotes.",
    failing="nnspec: 1\nnetwork:\n  - Input(8)\n  - FC(3) : (3)\n",
    mended='nnspec: 1\nnetwork:\n  - Input(8)\n  - "FC(3) : (3)"\n',
    surface="yaml",
)
NOT_A_SPEC = Code(
    "NN149",
    "not-a-spec",
    "error",
    "a file that holds no mapping",
    "A YAML spec is a mapping from keys such as `nnspec` and `network` to values.",
    failing="- Input(8)\n- FC(3)\n",
    mended=_MENDED,
    surface="yaml",
)
WRONG_VERSION = Code(
    "NN150",
    "wrong-version",
    "error",
    "no version, or one that this compiler does not read",
    "A YAML spec says `nnspec: 1`: the version of the language it is written in.",
    failing=_NETWORK,
    mended=_MENDED,
    surface="yaml",
)
UNKNOWN_KEY = Code(
    "NN151",
    "unknown-key",
    "error",
    "a key that means nothing here",
    "Each mapping of a spec knows its keys, and a misspelt one is an error, not a silent nothing.",
    failing="nnspec: 1\nnetwrok: Input(8) -> FC(3)\n",
    mended=_MENDED,
    surface="yaml",
)
MISSING_KEY = Code(
    "NN152",
    "missing-key",
    "error",
    "a key that must be there",
    "A `repeat` needs its `body`, a `for` its `in` and `body`, an `import` its `names` and `from`.",
    failing="nnspec: 1\nnetwork:\n  - Input(8)\n  - {repeat: 2}\n",
    mended="nnspec: 1\nnetwork:\n  - Input(8)\n  - {repeat: 2, body: FC(3)}\n",
    surface="yaml",
)
WRONG_TYPE = Code(
    "NN153",
    "wrong-type",
    "error",
    "a value of another kind than the key takes",
    "Some keys take a list, some a mapping, some a text: `outputs` is a list of tensors, `params` a mapping from names "
    "to values.",
    failing="nnspec: 1\nparams: [classes]\nnetwork: Input(8) -> FC(3)\n",
    mended="nnspec: 1\nparams: {classes: 3}\nnetwork: Input(8) -> FC(classes)\n",
    surface="yaml",
)
NOT_A_STAGE = Code(
    "NN154",
    "not-a-stage",
    "error",
    "a mapping or text that is no stage",
    "A stage written as a mapping is one of `{Op: arguments}`, `{use: x}`, `{repeat: n, body: ...}`, "
    "`{for: i, in: ..., body: ...}`, `{branches: ...}`, `{if: ..., then: ..., else: ...}`, `{wrap: Op, body: ...}` or "
    "`{stage: ..., as: e}`. Each operator is a list item of its own.",
    failing="nnspec: 1\nnetwork:\n  - Input(8)\n  - {FC: 4, ReLU: }\n",
    mended="nnspec: 1\nnetwork:\n  - Input(8)\n  - {FC: 4}\n  - ReLU\n",
    surface="yaml",
)
NOT_FINITE = Code(
    "NN155",
    "not-finite",
    "error",
    "infinity or not-a-number where a number is wanted",
    "`.inf` and `.nan` are numbers of YAML, and no number of a network.",
    failing="nnspec: 1\nlet: {slope: .inf}\nnetwork: Input(8) -> FC(3)\n",
    mended="nnspec: 1\nlet: {slope: 0.1}\nnetwork: Input(8) -> LeakyReLU(slope) -> FC(3)\n",
    surface="yaml",
)

SECTION_NOT_READ = Code(
    "NN156",
    "section-not-read",
    "warning",
    "a section that this version does not read",
    "`search` and `export` are keys of the language, and nothing is done with them yet: what they say has no effect.",
    surface="yaml",
    failing='nnspec: 1\nnetwork: "Input(8) -> FC(3)"\nexport: {format: onnx}\n',
    mended='nnspec: 1\nnetwork: "Input(8) -> FC(3)"\n',
)
