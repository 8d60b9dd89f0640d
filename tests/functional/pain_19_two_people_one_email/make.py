from staff import AGENCY, put, without


SHARED = [*without("1005"), "1005,Eva,Blom,desk@acme.example,1980-01-05,Porter,2024-01-01",
          "1009,Kim,Tan,desk@acme.example,1990-01-09,Porter,2024-01-01"]  # fmt: skip


def shared():
    """Eva and Kim share the mailbox of the desk."""
    put(SHARED)


def agency_too():
    put(SHARED, [*AGENCY, "B3,Lars,Lie,desk@acme.example,0655,Guard,2024-01-01"])
