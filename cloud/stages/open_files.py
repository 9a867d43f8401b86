"""How many files and connections the centre's processes may have open."""

import resource

WANTED = 65_536


def allow_many_files() -> int:
    """Raises this process's limit, and that of all it starts, as far as it may; the limit that holds now.

    A login gives 1,024, which a thousand strangers at the broker's door use up.
    """
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if most == resource.RLIM_INFINITY else min(WANTED, most)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
