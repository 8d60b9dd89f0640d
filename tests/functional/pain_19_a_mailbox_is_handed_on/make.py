from two_sources import put


def hr(mail):
    put("hr.csv", f"Nr,Name,Mail\n1001,Anna,{mail}\n")


def pay(*rows):
    put("pay.csv", "Id,Name,Mail,Phone\n" + "".join(f"{row}\n" for row in rows))


def first():
    hr("desk@acme.example")
    pay("p1,Anna,desk@acme.example,0611")


def married():
    hr("anna@acme.example")


def handed_on():
    pay("p1,Anna,anna@acme.example,0611", "p2,Zoe,desk@acme.example,0622")


def kept_by_one():
    """HR still says the old address of Anna: it is hers as well as somebody new's."""
    hr("desk@acme.example")
