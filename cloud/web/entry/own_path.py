"""Where a login may lead: to a page of this site."""

import re

_OWN_PATH = re.compile(r"/(?![/\\])[\w/\-]{0,200}", re.ASCII)


def own_path(path: str) -> str:
    """`path` where it lies on this site, else nothing: a login must not lead elsewhere."""
    return path if _OWN_PATH.fullmatch(path) else ""
