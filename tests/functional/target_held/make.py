from book import PEOPLE, changed, without, write


def first():
    write("in/employees.xlsx", PEOPLE)


def leave(*numbers):
    write("in/employees.xlsx", without(PEOPLE, *numbers))


def two_leave():
    leave("1007", "1008")


def one_more():
    leave("1007", "1008", "1006")


def another():
    leave("1007", "1008", "1006", "1005")


def renamed():
    rows = without(PEOPLE, "1007", "1008", "1006", "1005")
    write("in/employees.xlsx", [row | {"Department": "Store"} if row["Department"] == "Shop" else row for row in rows])


def renamed_again():
    rows = without(PEOPLE, "1007", "1008", "1006", "1005")
    rows = changed(rows, "1003", Surname="Peeters")
    write("in/employees.xlsx", [row | {"Department": "Store"} if row["Department"] == "Shop" else row for row in rows])
