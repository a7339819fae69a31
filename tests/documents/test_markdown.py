"""Commands, trees and links are read out of Markdown as people read them."""

from __future__ import annotations

import pytest

from tests.documents.markdown import (
    Shown,
    anchors,
    parse_commands,
    parse_links,
    parse_tree,
)

SAMPLE = """# Sample

See [below](#two-words) and [the file](a/b.md#part) and `[no](link)`. <img src="c.png">

## Two words

```sh
make demo
selfinstruct run \\
  model=offline   # a comment
.venv/bin/selfinstruct seeds path='a b.md' && selfinstruct --help
```

```bash
# needs a key
export OPENAI_API_KEY=...
KEY=x selfinstruct run model=openai | tee log
```

```text
selfinstruct run is not a command here, [nor](this.md) a link
```
"""


def test_commands_are_read_as_a_shell_reads_them() -> None:
    assert parse_commands(SAMPLE) == [
        Shown(9, ("run", "model=offline"), None),
        Shown(11, ("seeds", "path=a b.md"), None),
        Shown(11, ("--help",), None),
        Shown(17, ("run", "model=openai"), "a key"),
    ]


def test_links_are_read_outside_code_only() -> None:
    assert parse_links(SAMPLE) == ["#two-words", "a/b.md#part", "c.png"]
    assert anchors("# It's `a.b`, C++!\n## Two  words") == {"its-ab-c", "two--words"}


@pytest.mark.parametrize(
    "drawing",
    [
        "top/      what it is\n  a.py    first file\n  sub/    more\n    b.py  deep\nMakefile\nc.md  d.md  e.md\n",
        "top/\n├── a.py   first\n├── sub/\n│   └── b.py\nMakefile\n\nc.md   last but two\nd.md\ne.md\n",
    ],
)
def test_a_tree_is_read_by_its_indentation(drawing: str) -> None:
    assert parse_tree(tuple(drawing.splitlines())) == [
        "top/",
        "top/a.py",
        "top/sub/",
        "top/sub/b.py",
        "Makefile",
        "c.md",
        "d.md",
        "e.md",
    ]
