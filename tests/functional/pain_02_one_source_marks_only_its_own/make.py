from staff import AGENCY, HR, put

INGRID = "1009,Ingrid,Berg,ingrid@acme.example,1980-01-09,Head of security,2026-04-01"


def both():
    """Ingrid is in both."""
    put([*HR, INGRID])


def agency_again():
    """The agency's list is complete, and says nothing of HR's people; nor of Ingrid any more."""
    put([*HR, INGRID], [row.replace("Guard", "Doorman") for row in AGENCY[1:]])


def agency_empty():
    put([*HR, INGRID], [])


def hr_without_her():
    put([row.replace("Manager", "Director") for row in HR], [])
