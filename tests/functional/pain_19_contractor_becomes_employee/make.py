from staff import AGENCY, HR, put


def first():
    put(HR)


def employed():
    """Ingrid is hired: HR has her under a number of its own, while the agency still does."""
    put([*HR, "1009,Ingrid,Berg,ingrid@acme.example,1980-01-09,Head of security,2026-04-01"])


def gone_from_the_agency():
    put([*HR, "1009,Ingrid,Berg,ingrid@acme.example,1980-01-09,Head of security,2026-04-01"], AGENCY[1:])


def gone_from_both():
    put([row.replace("Manager", "Director") for row in HR], AGENCY[1:])
