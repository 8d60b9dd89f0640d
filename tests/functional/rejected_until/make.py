import os

from two_sources import HR, STORE, both, put


def nobody():
    put("hr.csv", HR.splitlines()[0] + "\n")


def away():
    os.remove("in/hr.csv")


def another():
    put("store.csv", STORE.splitlines()[0] + "\nu1,Anna,de Boer,anna@acme.example,0644,Baker\n")


def back():
    put("hr.csv", HR)
