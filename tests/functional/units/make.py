from book import PEOPLE, changed, write


def first():
    write("in/employees.xlsx", PEOPLE)


def renamed_rows():
    return changed(changed(PEOPLE, "1005", Department="Patisserie"), "1006", Department="Patisserie")


def renamed():
    write("in/employees.xlsx", renamed_rows())


def moved():
    write("in/employees.xlsx", changed(renamed_rows(), "1009", Dept_no="50", Department="Warehouse"))


def closed():
    write("in/employees.xlsx", renamed_rows())


def unsaid():
    write("in/employees.xlsx", changed(renamed_rows(), "1009", Dept_no=None, Department=None))


def unreadable():
    warehouse = changed(renamed_rows(), "1009", Dept_no="50", Department="Warehouse")
    write("in/employees.xlsx", changed(warehouse, "1009", Status="gone fishing"))
