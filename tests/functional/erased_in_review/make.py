from staff import AGENCY, put, without


EVA = "1005,Eva,Blom,desk@acme.example,1980-01-05,Porter,2024-01-01"
KIM = "1009,Kim,Tan,desk@acme.example,1990-01-09,Porter,2024-01-01"


def shared():
    """Eva and Kim share the mailbox of the desk."""
    put([*without("1005"), EVA, KIM])


def agency_too():
    """And somebody of the agency, who could be either."""
    put([*without("1005"), EVA, KIM], [*AGENCY, "B3,Lars,Lie,desk@acme.example,0655,Guard,2024-01-01"])


def eva_left():
    put([*without("1005"), KIM], [*AGENCY, "B3,Lars,Lie,desk@acme.example,0655,Guard,2024-01-01"])
