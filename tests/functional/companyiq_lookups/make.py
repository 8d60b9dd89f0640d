import pathlib

from book import grid

PEOPLE = [("0001", "王伟"), ("0002", "李娜"), ("0003", "张敏"), ("0004", "刘洋")]
JANUARY, FEBRUARY = "2026-01", "2026-02"


def secret():
    path = pathlib.Path("secrets/companyiq")
    path.write_text("test-secret-please-change", encoding="utf-8")
    path.chmod(0o600)


def put(name, lines):
    pathlib.Path("in", name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def employees():
    put("employees.csv", ["EmpNo,Name,Dept,Post,HireDate,State",
                          *(f"{number},{name},冲压,操作工,2024-03-0{n + 1},在职" for n, (number, name) in enumerate(PEOPLE))])


def salary(*months, **remarks):
    rows = [["EmpNo", "Period", "Base", "Net", "Remark"]]
    for month in months:
        for n, (number, _) in enumerate(PEOPLE):
            remark = remarks.get(f"r{number}_{month[-2:]}")
            rows.append([number, month, f"{5000 + 100 * n}.00", f"{4300 + 100 * n}.50", remark])
    grid("in/salary.xlsx", rows, "工资")


def attendance(days):
    put("attendance.csv", ["EmpNo,Line,Day,FirstIn,LastOut",
                           *(f"{number},{line},{day},08:00,17:{line:02}" for number, line, day in days)])


DAYS = [(number, line, f"{month}-{line + 10}") for number, _ in PEOPLE[:2] for month, line in
        ((JANUARY, 1), (JANUARY, 2), (FEBRUARY, 3))]


def first():
    secret()
    employees()
    salary(JANUARY, FEBRUARY, r0002_02='奖金, "全勤"')
    attendance(DAYS)


def raised():
    salary(JANUARY, FEBRUARY, r0002_02='奖金, "全勤"', r0003_02="补发")


def moved():
    """A day that was written down under the wrong month."""
    attendance([("0001", 2, "2026-02-12") if day[:2] == ("0001", 2) else day for day in DAYS])


def january_gone():
    salary(FEBRUARY, r0002_02='奖金, "全勤"', r0003_02="补发")


def all_change():
    salary(FEBRUARY, r0001_02="更正")
    attendance([*((("0001", 2, "2026-02-12") if day[:2] == ("0001", 2) else day) for day in DAYS),
                ("0003", 9, "2026-02-19"), ("0004", 9, "2026-02-19")])


def somebody_unknown():
    """Somebody whose account HR deleted by hand; and a month that is none."""
    salary(FEBRUARY, "2026/3", r0004_02="更正")


def wrong_module():
    path = pathlib.Path("organizations/acme.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace("SAL01", "SAL09"), encoding="utf-8")
