import os

from staff import AGENCY, HR, put


def first():
    put(HR)


def hr_is_a_folder():
    """HR's file cannot be read; the agency has somebody new."""
    put(HR, [*AGENCY, "B3,Lars,Lie,lars@acme.example,0655,Guard,2024-01-01"])
    os.remove("in/hr.csv")
    os.mkdir("in/hr.csv")


def both_are_folders():
    os.remove("in/agency.csv")
    os.mkdir("in/agency.csv")


def well_again():
    os.rmdir("in/hr.csv")
    os.rmdir("in/agency.csv")
    put([*HR, "1009,Kim,Tan,kim@acme.example,1990-01-09,Porter,2024-01-01"],
        [*AGENCY, "B3,Lars,Lie,lars@acme.example,0656,Guard,2024-01-01"])
