from book import PEOPLE, changed, write


def bad_dates():
    rows = changed(PEOPLE, "1003", Start_date="31-02-2021")
    write("in/employees.xlsx", changed(rows, "1004", Start_date="03/04/2021"))


def still_bad():
    rows = changed(PEOPLE, "1003", Start_date="30-02-2021")
    write("in/employees.xlsx", changed(rows, "1004", Start_date="03/04/2021", Job_title="Shift leader"))
