import pathlib

from book import grid

NUMBERS = ["0001", "0002", "0003", "0004"]


def put(name, *lines):
    pathlib.Path("in", name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def salary(remark):
    rows = [["EmpNo", "Period", "Base", "Net", "Remark"]]
    rows += [[number, month, "5000.00", "4300.50", remark if number + month == "00032026-02" else None]
             for month in ("2026-01", "2026-02") for number in NUMBERS]
    grid("in/salary.xlsx", rows, "工资")


def first():
    path = pathlib.Path("secrets/companyiq")
    path.write_text("test-secret-please-change", encoding="utf-8")
    path.chmod(0o600)
    put("employees.csv", "EmpNo,Name,Dept,Post,HireDate,State",
        *(f"{number},王伟{number},冲压,操作工,2024-03-01,在职" for number in NUMBERS))
    put("attendance.csv", "EmpNo,Line,Day,FirstIn,LastOut",
        "0001,1,2026-01-12,08:00,17:02", "0001,2,2026-02-12,08:00,17:02")
    salary(None)


def raised():
    salary("补发")
