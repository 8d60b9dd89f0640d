"""functional - cases as folders."""


def jobs(place):
    return []
