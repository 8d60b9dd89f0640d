from book import PEOPLE, changed, person, without, write


def first():
    write("in/employees.xlsx", PEOPLE)


def edited():
    rows = changed(PEOPLE, "1003", Job_title="Shift leader", Surname="O'Brien-Peeters")
    rows = changed(rows, "1005", Mobile="0612345678", Manager="1011")
    write("in/employees.xlsx", without([*rows, person("1011", "Noor", "van Dijk", Mobile="0612345679")], "1007"))


