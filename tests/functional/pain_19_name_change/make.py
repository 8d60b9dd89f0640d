from staff import AGENCY, HR, put, without


def married():
    """Eva takes another name and gets another address; the agency's list still has the old one for who was matched."""
    put([*without("1005"), "1005,Eva,Mulder-Blom,eva.mulder@acme.example,1980-01-05,Porter,2024-01-01"],
        [*AGENCY, "B3,Eva,Blom,eva@acme.example,0655,Guard,2024-01-01"])


def before():
    put(HR, [*AGENCY, "B3,Eva,Blom,eva@acme.example,0655,Guard,2024-01-01"])
