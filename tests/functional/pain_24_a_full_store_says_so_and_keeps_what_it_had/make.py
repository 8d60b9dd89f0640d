from book import PEOPLE, person, write


def first():
    write("in/employees.xlsx", PEOPLE)


def many():
    more = [person(f"{number}", "Ann", f"Lee {number}") for number in range(20000, 25000)]
    write("in/employees.xlsx", [*PEOPLE, *more])
