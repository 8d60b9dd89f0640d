"""poweroffice_objects - what PowerOffice Go keeps: the fields of each kind, what may be said of them, JSON Patch."""
import copy
import datetime
import re
import uuid

I64, REAL, TEXT, DAY, BOOL, UUID, TIME = "i64", "real", "text", "day", "bool", "uuid", "time"
IDS, ADDRESS = "ids", "address"
FORMS = ["Permanent", "Temporary", "PermanentEmploymentAndHiredOut", "TemporaryEmploymentAndHiredOut",
         "TemporaryEmploymentAsOnCallCoverstaff"]
REASONS = ["EmploymentRelationshipShouldNeverHaveBeenReported", "EmployerHasDismissedTheEmployee",
           "EmployeeHasResigned", "ChangeOfPayrollSystemOrAccountant",
           "ChangeOfOrganizationStructureOrChangedJobInternally", "ContractCommitmentOrTemporaryEmploymentExpired"]
ARRANGEMENTS = ["NonShift", "SemiContinuousShift", "ContinuousShift", "ShiftWork", "Offshore", "OtherShifts"]
LEAVES = ["EducationalNonStatutory", "EducationalStatutory", "Maternity", "Military", "OtherNonStatutory",
          "OtherStatutory"]
TAX = ["Ordinary", "Svalbard", "JanMayenAndDependencies", "SpecialAllowanceForSeafarers", "TaxFreeOrganisation"]
STAMPS = {"CreatedDateTimeOffset": (TIME, "ro"), "LastChangedDateTimeOffset": (TIME, "ro")}
HANGS = {"EmployeeId": (I64, "ro"), "EmploymentId": (I64, "ro")}
ADDRESS_MOST = {"AddressLine1": 200, "AddressLine2": 200, "City": 100, "ZipCode": 50, "CountryCode": 2,
                "ExternalCode": 50}

# kind: {name: (type, flags…)}; a list is an enumeration, a number the length of a text. Flags: ro (read only), must
# (needed on POST), create (on POST only).
FIELDS = {
    "Employees": {
        "Id": (I64, "ro"), "Number": (I64,), "ExternalNumber": (I64,), "ExternalImportReference": (50,),
        "FirstName": (TEXT, "must"), "LastName": (TEXT, "must"), "EmailAddress": (TEXT,), "PhoneNumber": (TEXT,),
        "DateOfBirth": (DAY,), "Gender": (["Male", "Female", "Hidden"],), "NationalIdNumber": (TEXT,),
        "InternationalIdNumber": (TEXT,), "JobTitle": (TEXT,), "HiredDate": (DAY,), "StartDate": (DAY,),
        "EndDate": (DAY,), "DepartmentId": (I64,), "DepartmentCode": (TEXT, "create"), "LocationId": (I64,),
        "LocationCode": (TEXT, "create"), "ManagerEmployeeId": (I64,), "ManagerEmployeeNo": (I64, "create"),
        "ContactGroupIds": (IDS,), "IsArchived": (BOOL,), "MailAddress": (ADDRESS,),
        "SubledgerAccountId": (I64, "ro"), "EmployeeCreatedDateTimeOffset": (TIME, "ro"),
        "ContactCreatedDateTimeOffset": (TIME, "ro"), "LastChangedDateTimeOffset": (TIME, "ro"),
    },
    "Employments": {
        "Id": (I64, "ro"), "EmployeeId": (I64, "ro"), "EnterpriseId": (I64, "must"), "EmploymentForm": (FORMS, "must"),
        "EmploymentType": (["Ordinary", "Maritime", "FreelancersEtc", "PensionEtc"], "must"),
        "EmploymentSpecification": (["None", "CrossBorderCommuter"],), "IsDefault": (BOOL, "must"),
        "StartDate": (DAY, "must"), "EndDate": (DAY,), "EndDateReason": (REASONS,),
        "FullTimeHoursPerWeek": (REAL, "must"), "ProfessionCode": (7, "must"), "ProfessionTitle": (TEXT, "ro"),
        "WorkingHoursArrangement": (ARRANGEMENTS, "must"), "TaxRule": (TAX,), "TaxCountryCode": (TEXT,),
        "ReportingId": (TEXT,), "EndedAndReported": (BOOL,),
        **{f"{name}Count": (I64, "ro") for name in ("Salary", "FtePercentage", "FixedSalary", "Leave", "Layoff")},
        **STAMPS,
    },
    "Salaries": {"Id": (I64, "ro"), **HANGS, "FromDate": (DAY, "must"),
                 "RemunerationType": (["Commission", "FixedWage", "HourlyWage"], "must"), "AnnualSalary": (REAL,),
                 "HourlyRate": (REAL,), **STAMPS},
    "FtePercentages": {"Id": (I64, "ro"), **HANGS, "FromDate": (DAY, "must"), "FtePercentage": (REAL, "must"),
                       **STAMPS},
    "FixedSalaries": {"Id": (UUID, "ro"), **HANGS, "PayItemId": (UUID, "must"), "Amount": (REAL,), "Quantity": (REAL,),
                      "Rate": (REAL,), "IsActive": (BOOL,), "FromDate": (DAY,), "ToDate": (DAY,), "Comment": (TEXT,),
                      "DepartmentId": (I64,), **STAMPS},
    "Leaves": {"Id": (UUID, "ro"), **HANGS, "StartDate": (DAY, "must"), "EndDate": (DAY,),
               "LeavePercentage": (REAL, "must"), "TypeOfLeave": (LEAVES, "must"), "AdjustFixedWage": (BOOL,),
               "EndedAndReported": (BOOL,), "ReportingId": (TEXT,), **STAMPS},
    "Layoffs": {"Id": (UUID, "ro"), **HANGS, "StartDate": (DAY, "must"), "EndDate": (DAY,),
                "LayoffPercentage": (REAL, "must"), "AdjustFixedWage": (BOOL,), "EndedAndReported": (BOOL,),
                "ReportingId": (TEXT,), **STAMPS},
    "Departments": {"Id": (I64, "ro"), "Code": (TEXT,), "Name": (TEXT, "must"), "IsActive": (BOOL,),
                    "ManagerEmployeeId": (I64,), "ManagerEmployeeNo": (I64, "ro"), **STAMPS},
    "Locations": {"Id": (I64, "ro"), "Code": (TEXT,), "Name": (TEXT, "must"), "IsActive": (BOOL,), **STAMPS},
    "Enterprises": {"Id": (I64, "ro"), "EnterpriseNo": (TEXT,), "Name": (TEXT, "must"), "IsDefault": (BOOL,),
                    "Municipality": (TEXT,), **STAMPS},
}
NOUN = {"Employees": "Employee", "Employments": "Employment"}


class Problem(Exception):
    """What the vendor answers instead: ProblemDetails of the service, or the gateway's own JSON."""

    def __init__(self, status, title="", detail="", gateway=None, operation=None, limited=False):
        super().__init__(status, title, detail)
        self.status, self.title, self.detail, self.gateway = status, title or gateway, detail, gateway
        self.operation, self.limited = operation, limited

    def body(self):
        if self.gateway is not None:  # the gateway writes its status as a text when it throttles
            return {"statusCode": str(self.status) if self.limited else self.status, "message": self.gateway}
        return {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}


def invalid(kind, detail):
    return Problem(400, f"{NOUN.get(kind, kind.rstrip('s'))} validation error(s)", detail)


# Timestamps: ticks of 100 ns since 1970.

def ticks(text):
    """Of 0 to 7 digits behind the second, with an offset, Z or nothing, which is UTC; None: it is none."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?", text, re.IGNORECASE)
    if not found:
        return None
    try:
        at = datetime.datetime.fromisoformat(found[1] + "+00:00")
    except ValueError:
        return None
    offset = 0
    if found[3] and found[3] not in "Zz":
        offset = (int(found[3][1:3]) * 60 + int(found[3][4:])) * (-60 if found[3][0] == "-" else 60)
    seconds = (at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(seconds=1)
    return (seconds - offset) * 10 ** 7 + int((found[2] or "").ljust(7, "0"))


def stamp(at, zone):
    """As the vendor's platform writes it: no zeros at the end of the fraction."""
    shift = 0 if zone in ("", "Z") else (int(zone[1:3]) * 60 + int(zone[4:])) * (-60 if zone[0] == "-" else 60)
    seconds, rest = divmod(at + shift * 10 ** 7, 10 ** 7)
    day = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    fraction = f".{rest:07}".rstrip("0").rstrip(".")
    return day.isoformat(timespec="seconds") + fraction + zone


# Values.

def fits(kind, value):
    """Whether a value that is not null has the type."""
    if isinstance(kind, list):
        return value in kind
    if isinstance(kind, int):
        return isinstance(value, str) and len(value) <= kind
    if kind == IDS:
        return isinstance(value, list) and all(fits(I64, one) for one in value)
    if kind == ADDRESS:
        return isinstance(value, dict) and all(
            name in ADDRESS_MOST and (text is None or fits(ADDRESS_MOST[name], text)) for name, text in value.items())
    if kind in (DAY, UUID):
        try:
            made = datetime.date.fromisoformat(value) if kind == DAY else uuid.UUID(value)
        except (ValueError, TypeError, AttributeError):
            return False
        return kind == UUID or made.isoformat() == value
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {I64: number and isinstance(value, int), REAL: number, BOOL: isinstance(value, bool),
            TEXT: isinstance(value, str)}[kind]


def check(kind, said, creating):
    """`said` with the vendor's spelling of names; refuses what is read only, unknown or of another type."""
    fields = {name.lower(): name for name in FIELDS[kind]}
    made = {}
    if not isinstance(said, dict):
        raise Problem(400, "Unable to cast object(s)", "an object is wanted")
    for name, value in said.items():
        known = fields.get(name.lower())
        if known is None:
            raise invalid(kind, f"no field is called {name}")
        form, *flags = FIELDS[kind][known]
        if "ro" in flags or ("create" in flags and not creating):
            raise invalid(kind, f"{known} cannot be set")
        if value is not None and not fits(form, value):
            raise Problem(400, "Unable to cast object(s)", f"{known} cannot be {value!r}")
        made[known] = value
    for name, (_, *flags) in FIELDS[kind].items():
        if "must" in flags and creating and made.get(name) in (None, ""):
            raise invalid(kind, f"{name} is needed")
        if "must" in flags and name in made and made[name] in (None, ""):
            raise invalid(kind, f"{name} is needed")
    return made


def blank(kind):
    empty = {BOOL: False, IDS: []}
    return {name: copy.copy(empty.get(form)) if isinstance(form, str) else None
            for name, (form, *_) in FIELDS[kind].items()}


# JSON Patch (RFC 6902); names without regard to case.

def patched(kind, document, operations):
    """A copy of `document` with all operations done, or a Problem and nothing is done."""
    made = copy.deepcopy(document)
    if not isinstance(operations, list):
        raise Problem(400, "Unable to cast object(s)", "a list of operations is wanted")
    for one in operations:
        if not isinstance(one, dict) or one.get("op") not in ("add", "remove", "replace", "move", "copy", "test"):
            raise invalid(kind, f"{one!r} is no operation")
        operate(kind, made, one)
    return made


def operate(kind, made, one):
    act = one["op"]
    if act in ("add", "replace", "test") and "value" not in one:
        raise invalid(kind, f"{act} without a value")
    if act in ("move", "copy"):
        holder, name = walked(kind, made, one.get("from"))
        value = copy.deepcopy(holder[name])
        if act == "move":
            remove(holder, name)
        act, one = "add", {**one, "value": value}
    holder, name = walked(kind, made, one.get("path"))
    if act == "test":
        if holder[name] != one["value"]:
            raise invalid(kind, f"the test of {one['path']} failed")
    elif act == "remove":
        remove(holder, name)
    elif isinstance(holder, list) and act == "add":
        holder.insert(len(holder) if name == "-" else name, one["value"])
    else:
        holder[name] = one["value"]


def remove(holder, name):
    if isinstance(holder, list):
        del holder[name]
    else:
        holder[name] = None


def walked(kind, made, path):
    """(what holds it, its name there)."""
    if not isinstance(path, str) or not path.startswith("/"):
        raise invalid(kind, f"{path!r} is no path")
    at = made
    words = [word.replace("~1", "/").replace("~0", "~") for word in path[1:].split("/")]
    for nth, word in enumerate(words):
        if isinstance(at, list):
            if word != "-" and (not re.fullmatch("0|[1-9][0-9]*", word) or int(word) > len(at)):
                raise invalid(kind, f"there is no {path}")
            name = word if word == "-" else int(word)
        elif isinstance(at, dict):
            names = ADDRESS_MOST if at is not made else at
            name = next((name for name in names if name.lower() == word.lower()), None)
            if name is None:
                raise invalid(kind, f"there is no {path}")
            at.setdefault(name, None)
        else:
            raise invalid(kind, f"there is no {path}")
        if nth == len(words) - 1:
            return at, name
        at = at[name]
    raise invalid(kind, f"there is no {path}")
