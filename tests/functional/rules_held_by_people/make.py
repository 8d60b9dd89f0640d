from staff import HR, put


def both():
    put(HR)
