from book import HEADER, PEOPLE, write


def first():
    write("in/employees.xlsx", PEOPLE)


def with_desks():
    write("in/employees.xlsx", [row | {"Desk": f"10{n}"} for n, row in enumerate(PEOPLE)], [*HEADER, "Desk"])
