from staff import HR, put


TWICE = [*HR, "3007,Guus,Bos,guus@acme.example,1980-01-07,Cashier,2026-02-01"]


def twice():
    """Guus works at two tills: HR has him under two numbers."""
    put(TWICE)


def once():
    put([row for row in TWICE if not row.startswith("1007")])
