"""On which line of the policy's file something stands: what is wrong is said with its line."""

import re

_HEADER = re.compile(r"\s*\[\[?\s*(?P<name>[^\[\]\"']+?)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(r"\s*(?P<key>\w+)\s*=")


def line_of(text: str, table: str, place: int, key: str | None = None, words: str = "") -> int:
    """Where the `place`th table of this name begins; its `key`; or the line from there on that holds `words`."""
    seen, begin, of_key = -1, 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        if (header := _HEADER.fullmatch(line)) is not None:
            if begin:
                break
            seen += header["name"] == table
            begin = number if header["name"] == table and seen == place else 0
        elif begin:
            found = _KEY.match(line)
            if found is not None and found["key"] == key:
                of_key = number
            if of_key and words and words in line:
                return number
    return of_key or begin or 1


def line_of_path(text: str, path: str) -> int:
    """Of a path of msgspec, such as `$.rule[1].name`."""
    rule = re.search(r"rule\[(\d+)\](?:\.(\w+))?", path)
    return line_of(text, "rule", int(rule[1]), rule[2]) if rule is not None else 1
