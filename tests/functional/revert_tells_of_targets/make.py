from staff import HR, put


def first():
    put(HR)


def married():
    """Two have another name; one of them by mistake."""
    put([row.replace(",Kok,", ",Kok-Smit,").replace(",Prins,", ",Bos,") for row in HR])
