from book import PEOPLE, changed, write


def first():
    write("in/employees.xlsx", PEOPLE)


def renamed_rows():
    return changed(changed(PEOPLE, "1005", Department="Patisserie"), "1006", Department="Patisserie")


def renamed():
    write("in/employees.xlsx", renamed_rows())


def moved():
    write("in/employees.xlsx", changed(renamed_rows(), "1009", Dept_no="50", Department="Warehouse"))
