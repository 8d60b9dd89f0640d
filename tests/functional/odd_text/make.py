def odd():
    lines = [
        "Employee Number,First name,Surname,E-mail,Status",
        "1,Ann,Lee,ann@acme.example,Active",
        "2,Bo\x01b,Lee,bob@acme.example,Active",
        "3,Cas," + "x" * 40000 + ",cas@acme.example,Active",
        "4,Dee,Lee,dee@acme.example,Active",
    ]
    with open("in/employees.csv", "w", encoding="utf-8", newline="") as file:
        file.write("\r\n".join(lines) + "\r\n")
