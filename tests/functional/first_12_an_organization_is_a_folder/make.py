from book import HEADER, PEOPLE, write


def first():
    people = [row | {"BSN": f"9900{row['Employee Number']}"} for row in PEOPLE]
    write("in/employees.xlsx", people, [*HEADER, "BSN"])
