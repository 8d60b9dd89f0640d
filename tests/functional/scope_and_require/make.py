from book import HEADER, PEOPLE, changed, write


def first():
    rows = [row | {"Company": "100"} for row in PEOPLE[:5]]
    rows = changed(rows, "1003", Company="900")
    rows = changed(rows, "1004", First_name=None)
    rows = changed(rows, "1005", Status="Freelance")
    write("in/employees.xlsx", rows, [*HEADER, "Company"])
