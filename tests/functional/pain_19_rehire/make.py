from staff import HR, put, without


def first():
    put(HR)


def left():
    put(without("1003"))


def back():
    put([*without("1003"), "1003,Cees,Smit,cees@acme.example,1980-01-03,Baker,2026-06-01"])


def left_again():
    put([row.replace("Manager", "Director") for row in without("1003")])


def back_with_another_number():
    put([*without("1003"), "2003,Cees,Smit,cees@acme.example,1980-01-03,Baker,2026-09-01"])
