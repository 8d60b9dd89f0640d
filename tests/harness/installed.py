"""installed - where the programs and connectors of a build folder are, and how they find each other there."""


def muster(place):
    """The CLI, or None when this build has none."""
    return first(place, "core/cli/muster", "core/muster", "muster")


def musterd(place):
    """The daemon."""
    return first(place, "core/service/musterd", "musterd")


def host(place):
    return first(place, "core/host/muster-host", "core/muster-host", "muster-host")


def connectors(place):
    """The folders that hold the connectors."""
    found = sorted({path.parent for path in place.build.glob("plugins/**/.libs/*.so")})
    return found or [place.build / "plugins"]


def first(place, *names):
    return next((place.build / name for name in names if (place.build / name).is_file()), None)


def environment(place, folder):
    """For muster out of a build folder: it shall start the host that was built with it."""
    env = place.environment(folder)
    program = host(place)
    if program:
        env["MUSTER_HOST"] = str(program)
    return env
