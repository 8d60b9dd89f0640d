def first():
    with open("in/employees.csv", "w", encoding="utf-8") as out:
        out.write("Number,First,Last,Nickname\n1001,Ann,Bakker,Annie\n1002,Bo,Jansen,\n")
