import pathlib

DOCUMENT = """<?xml version="1.0" encoding="ISO-8859-1"?>{doctype}
<hr xmlns="urn:example:hr" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <info><made>today</made></info>
 <employees>
  <employee number="0007">
   <name lang="nb"><first>Zoë</first><last>O'Brien &amp; Sons</last></name>{emails}
   <hired>2021-05-03</hired>{mobile}
   <job><title>Baker</title></job>
  </employee>
  <employee number="0008">
   <name><first>Günter</first><last>Grün</last></name><hired>{hired}</hired>
  </employee>
 </employees>
</hr>
"""
EMAILS = "<email>Zoe@acme.example</email><email>zoe@home.example</email>"


def put(doctype="", emails=EMAILS, mobile="<mobile>+47 99 88 77 66</mobile>", hired="2022-01-10"):
    text = DOCUMENT.format(doctype=doctype, emails=emails, mobile=mobile, hired=hired)
    pathlib.Path("in/employees.xml").write_text(text, encoding="iso-8859-1")


def first():
    put()


def second():
    put(emails="", mobile='<mobile xsi:nil="true"/>', hired="2022-02-31")


def with_entities():
    put(doctype='<!DOCTYPE hr [<!ENTITY x SYSTEM "file:///etc/passwd">]>', mobile="<mobile>&x;</mobile>")
