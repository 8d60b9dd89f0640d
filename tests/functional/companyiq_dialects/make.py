import pathlib

from book import PEOPLE, person, write

COUNT = pathlib.Path("count")


def key(text="test-secret-please-change"):
    path = pathlib.Path("secrets/companyiq")
    path.write_text(text)
    path.chmod(0o600)


def rows():
    count = int(COUNT.read_text()) if COUNT.exists() else 0
    return [*PEOPLE[:3], *(person(str(2001 + n), "Noor", f"Number {n + 1}", manager=None) for n in range(count))]


def first():
    key()
    write("in/employees.xlsx", rows())


def one_more():
    COUNT.write_text(str(len(rows()) - 2))
    write("in/employees.xlsx", rows())


def options(text, file="organizations/acme.yaml"):
    """The connection's options anew, between secret and password_policy."""
    path = pathlib.Path(file)
    before, _, after = path.read_text().partition("      scheme:")
    path.write_text(f"{before}      scheme:{text}\n      password_policy{after.partition('      password_policy')[2]}")


def md5_sorted():
    options(" md5-sorted")


def token():
    options(" token")


def plain():
    options(" plain")


def plain_body():
    options(" plain\n      place: body")


def another_dialect():
    options(""" hmac
      timestamp_unit: s
      timestamp_name: X-Time
      sign_name: X-Signature
      encoding: base64
      import_path: /v2/users
      success_code: SUCCESS
      code_pointer: /status
      message_pointer: /message
      errors_pointer: /result/failures
      failed_pointer: /result/failed
      date_format: YYYYMMDD
      numeric: employeeId onboardingDate
      active_code: Z
      resigned_code: L
      batch_size: 2
      field_names:
        - { field: employeeId, name: userNo }
        - { field: department, name: dept }""")


def somebody_whose_number_begins_with_zero():
    write("in/employees.xlsx", [*rows(), person("0099", "Zero", "First", manager=None)])
