from book import HEADER, PEOPLE, write


def no_mail():
    write("in/employees.xlsx", PEOPLE, [name for name in HEADER if name != "E-mail"])
