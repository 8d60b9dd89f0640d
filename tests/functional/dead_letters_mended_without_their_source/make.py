from book import HEADER, PEOPLE, changed, write


def bad_dates():
    rows = changed(PEOPLE, "1003", Start_date="31-02-2021", Passport="XX4712")
    write("in/employees.xlsx", changed(rows, "1004", Start_date="03/04/2021", Passport="XX4711"), [*HEADER, "Passport"])
