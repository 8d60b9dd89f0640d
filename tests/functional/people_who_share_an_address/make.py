from staff import put, without


def first():
    """Eva and Kim share the mailbox of the desk, however it is written; Guus is there twice."""
    put(
        [
            *without("1005"),
            "1005,Eva,Blom,desk@acme.example,1980-01-05,Porter,2024-01-01",
            "1009,Kim,Tan,Desk@ACME.example,1990-01-09,Porter,2024-01-01",
            "2007,Guus,Bos,guus@acme.example,1980-01-07,Waiter,2026-01-01",
        ]
    )
