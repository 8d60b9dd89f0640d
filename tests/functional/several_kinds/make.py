from book import HEADER, PEOPLE, changed, write


def first():
    extra = {"BSN": "123456782", "Salary": "3.250,50", "Badge": "B-17", "From": "2026-01-01"}
    rows = [PEOPLE[0] | extra, PEOPLE[1] | {"Badge": "x"}]
    rows = changed(rows, "1001", Leave_type="Parental", Leave_from="01-02-2026")
    write("in/employees.xlsx", rows, [*HEADER, *extra, "Leave type", "Leave from"])
