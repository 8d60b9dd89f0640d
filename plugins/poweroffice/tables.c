/* tables - the streams of PowerOffice Go, and how they become our model unless an organization says otherwise. */
#include "poweroffice.h"

#include <stddef.h>

static const char employees_in[] =
    "person:\n"
    "  employee_number: Number\n"
    "  given_name: FirstName\n"
    "  family_name: LastName\n"
    "  work_email: { from: EmailAddress, lower: true, on_null: clear, on_empty: clear }\n"
    "  phone: { from: PhoneNumber, on_null: clear, on_empty: clear }\n"
    "  date_of_birth: { from: DateOfBirth, on_null: clear }\n"
    "  gender: { from: Gender, table: { Male: male, Female: female, Hidden: not_specified }, otherwise: reject }\n"
    "  national_id: NationalIdNumber\n"
    "  address_line_1: { from: MailAddress.AddressLine1, on_null: clear, on_empty: clear }\n"
    "  address_line_2: { from: MailAddress.AddressLine2, on_null: clear, on_empty: clear }\n"
    "  postal_code: { from: MailAddress.ZipCode, on_null: clear, on_empty: clear }\n"
    "  city: { from: MailAddress.City, on_null: clear, on_empty: clear }\n"
    "  country: { from: MailAddress.CountryCode, on_null: clear, on_empty: clear }\n"
    "  status: { from: IsArchived, table: { \"true\": inactive, \"false\": active }, otherwise: reject }\n"
    "  hired_on: { first_of: [HiredDate, StartDate], on_null: clear }\n"
    "  terminated_on: { from: EndDate, on_null: clear }\n"
    "employment:\n"
    "  key: Employment.Id\n"
    "  when: { from: Employment.Id, present: true }\n"
    "  form: { from: Employment.EmploymentForm, table: { Permanent: permanent, Temporary: temporary,\n"
    "    PermanentEmploymentAndHiredOut: hired_out, TemporaryEmploymentAndHiredOut: hired_out,\n"
    "    TemporaryEmploymentAsOnCallCoverstaff: on_call }, otherwise: reject }\n"
    "  type: { from: Employment.EmploymentType, table: { Maritime: maritime, FreelancersEtc: freelance,\n"
    "    PensionEtc: pension }, otherwise: other }\n"
    "  title: { from: JobTitle, on_null: clear, on_empty: clear }\n"
    "  profession_code: { from: Employment.ProfessionCode, on_null: clear }\n"
    "  start_date: { from: Employment.StartDate, on_null: clear }\n"
    "  end_date: { from: Employment.EndDate, on_null: clear }\n"
    "  end_reason: { from: Employment.EndDateReason, on_null: clear, otherwise: other, table: {\n"
    "    EmployeeHasResigned: resigned, EmployerHasDismissedTheEmployee: dismissed,\n"
    "    ContractCommitmentOrTemporaryEmploymentExpired: contract_expired,\n"
    "    ChangeOfOrganizationStructureOrChangedJobInternally: reorganized,\n"
    "    ChangeOfPayrollSystemOrAccountant: payroll_changed,\n"
    "    EmploymentRelationshipShouldNeverHaveBeenReported: never_existed } }\n"
    "  fte_percent: Employment.FtePercentage\n"
    "  full_time_hours: { from: Employment.FullTimeHoursPerWeek, on_null: clear }\n"
    "  working_hours_arrangement: { from: Employment.WorkingHoursArrangement, otherwise: other, table: {\n"
    "    NonShift: none, SemiContinuousShift: semi_continuous, ContinuousShift: continuous, ShiftWork: shift,\n"
    "    Offshore: offshore, OtherShifts: other } }\n"
    "  legal_entity: { unit: company, code: Employment.EnterpriseNo, name: Employment.EnterpriseName, on_null: clear "
    "}\n"
    "  department: { unit: department, code: DepartmentCode, name: DepartmentName, on_null: clear }\n"
    "  location: { unit: location, code: LocationCode, name: LocationName, on_null: clear }\n"
    "  manager: { person: employee_number, from: ManagerEmployeeNo, on_null: clear }\n"
    "  is_default: Employment.IsDefault\n"
    "absence:\n"
    "  key: [Employment.Id, Absence.Id]\n"
    "  when: { from: Absence.Id, present: true }\n"
    "  type: { from: Absence.Type, otherwise: other, table: { Maternity: maternity, Military: military,\n"
    "    EducationalStatutory: education, EducationalNonStatutory: education, Layoff: layoff } }\n"
    "  statutory: { from: Absence.Type, otherwise: \"false\", table: { EducationalStatutory: \"true\",\n"
    "    OtherStatutory: \"true\", Maternity: \"true\", Military: \"true\" } }\n"
    "  percent: { from: Absence.Percentage, on_null: clear }\n"
    "  start_date: { from: Absence.StartDate, on_null: clear }\n"
    "  end_date: { from: Absence.EndDate, on_null: clear }\n"
    "pay:\n"
    "  key: [Employment.Id, Pay.Id]\n"
    "  when: { from: Pay.Id, present: true }\n"
    "  type: { from: Pay.Type, otherwise: reject, table: { FixedWage: annual, HourlyWage: hourly,\n"
    "    Commission: commission, FixedSalary: fixed_line } }\n"
    "  amount: { from: Pay.Amount, on_null: clear }\n"
    "  rate: { from: Pay.Rate, on_null: clear }\n"
    "  quantity: { from: Pay.Quantity, on_null: clear }\n"
    "  currency: { const: NOK }\n"
    "  pay_item: { from: Pay.PayItemId, on_null: clear }\n"
    "  from_date: { from: Pay.FromDate, on_null: clear }\n"
    "  to_date: { from: Pay.ToDate, on_null: clear }\n"
    "  active: Pay.IsActive\n";

static const char departments_in[] =
    "org_unit:\n"
    "  type: { const: department }\n"
    "  code: Code\n"
    "  name: Name\n"
    "  active: IsActive\n"
    "  manager: { person: employee_number, from: ManagerEmployeeNo, on_null: clear }\n";

static const char locations_in[] = "org_unit:\n"
                                   "  type: { const: location }\n"
                                   "  code: Code\n"
                                   "  name: Name\n"
                                   "  active: IsActive\n";

static const char enterprises_in[] = "org_unit:\n"
                                     "  type: { const: company }\n"
                                     "  code: EnterpriseNo\n"
                                     "  name: Name\n";

/* ---- out ---- */

static const char employees_out[] =
    "of: person\n"
    "map:\n"
    "  ExternalNumber: { from: employee_number, match: \"^[1-9][0-9]{0,16}$\" }\n"
    "  ExternalImportReference: employee_number\n"
    "  FirstName: { first_of: [given_name, preferred_name] }\n"
    "  LastName: family_name\n"
    "  EmailAddress: work_email\n"
    "  PhoneNumber: { first_of: [mobile_phone, phone] }\n"
    "  DateOfBirth: date_of_birth\n"
    "  Gender: { from: gender, table: { male: Male, female: Female, other: Hidden, not_specified: Hidden } }\n"
    "  JobTitle: employment.title\n"
    "  HiredDate: hired_on\n"
    "  EndDate: terminated_on\n"
    "  DepartmentCode: employment.department.code\n"
    "  LocationCode: employment.location.code\n"
    "  ManagerEmployee: manager.employee_number\n"
    "  AddressLine1: address_line_1\n"
    "  AddressLine2: address_line_2\n"
    "  ZipCode: postal_code\n"
    "  City: city\n"
    "  CountryCode: country\n";

static const char employments_out[] =
    "of: employment\n"
    "map:\n"
    "  Employment: { join: [person.employee_number, start_date], with: \"|\" }\n"
    "  EnterpriseNo: legal_entity.code\n"
    "  EmploymentForm: { from: form, table: { permanent: Permanent, temporary: Temporary,\n"
    "    on_call: TemporaryEmploymentAsOnCallCoverstaff, hired_out: PermanentEmploymentAndHiredOut } }\n"
    "  EmploymentType: { from: type, table: { maritime: Maritime, freelance: FreelancersEtc, pension: PensionEtc },\n"
    "    otherwise: Ordinary, default: Ordinary }\n"
    "  IsDefault: primary\n"
    "  StartDate: start_date\n"
    "  EndDate: end_date\n"
    "  EndDateReason: { from: end_reason, table: { resigned: EmployeeHasResigned,\n"
    "    dismissed: EmployerHasDismissedTheEmployee, payroll_changed: ChangeOfPayrollSystemOrAccountant,\n"
    "    contract_expired: ContractCommitmentOrTemporaryEmploymentExpired,\n"
    "    reorganized: ChangeOfOrganizationStructureOrChangedJobInternally,\n"
    "    never_existed: EmploymentRelationshipShouldNeverHaveBeenReported } }\n"
    "  FullTimeHoursPerWeek: full_time_hours\n"
    "  ProfessionCode: profession_code\n"
    "  WorkingHoursArrangement: { from: working_hours_arrangement, default: NonShift, otherwise: OtherShifts,\n"
    "    table: { none: NonShift, semi_continuous: SemiContinuousShift, continuous: ContinuousShift,\n"
    "    shift: ShiftWork, offshore: Offshore } }\n";

/* `needs` names no option: these two are told only where the organization's file names them. */
static const char salaries_out[] =
    "needs: named\n"
    "of: pay\n"
    "where: { from: type, in: [annual, hourly, commission] }\n"
    "map:\n"
    "  Salary: { join: [person.employee_number, employment.start_date, from_date], with: \"|\" }\n"
    "  FromDate: from_date\n"
    "  RemunerationType: { from: type, table: { annual: FixedWage, hourly: HourlyWage, commission: Commission } }\n"
    "  AnnualSalary: amount\n"
    "  HourlyRate: rate\n";

static const char leaves_out[] =
    "needs: named\n"
    "of: absence\n"
    "where: { from: type, in: [maternity, education, military, other] }\n"
    "map:\n"
    "  Leave: { join: [person.employee_number, employment.start_date, start_date], with: \"|\" }\n"
    "  StartDate: start_date\n"
    "  EndDate: end_date\n"
    "  LeavePercentage: { from: percent, default: \"100\" }\n"
    "  TypeOfLeave: { join: [type, statutory], with: \" \", table: { maternity: Maternity, maternity true: Maternity,\n"
    "    maternity false: Maternity, military: Military, military true: Military, military false: Military,\n"
    "    education: EducationalNonStatutory, education true: EducationalStatutory,\n"
    "    education false: EducationalNonStatutory, other: OtherNonStatutory, other true: OtherStatutory,\n"
    "    other false: OtherNonStatutory } }\n";

static const muster_field employees_fields[] = {
    {.name = "ExternalNumber", .type = MUSTER_INTEGER, .flags = MUSTER_ID, .doc = "Our number, where it is digits."},
    {.name = "ExternalImportReference", .type = MUSTER_TEXT, .flags = MUSTER_ID, .doc = "Our number as text."},
    {.name = "Number", .type = MUSTER_INTEGER, .flags = MUSTER_ID, .doc = "Its number; without it one is given."},
    {.name = "FirstName", .type = MUSTER_TEXT, .flags = MUSTER_MUST, .doc = "The first name."},
    {.name = "LastName", .type = MUSTER_TEXT, .flags = MUSTER_MUST, .doc = "The surname, of one word or several."},
    {.name = "EmailAddress", .type = MUSTER_TEXT, .doc = "The e-mail address at work."},
    {.name = "PhoneNumber", .type = MUSTER_TEXT, .doc = "The telephone number."},
    {.name = "DateOfBirth", .type = MUSTER_DATE, .doc = "The day of birth."},
    {.name = "Gender", .type = MUSTER_TEXT, .doc = "Male, Female or Hidden."},
    {.name = "JobTitle", .type = MUSTER_TEXT, .doc = "The title of the job."},
    {.name = "HiredDate", .type = MUSTER_DATE, .doc = "First day of service."},
    {.name = "StartDate", .type = MUSTER_DATE, .doc = "The first day of it."},
    {.name = "EndDate",
     .type = MUSTER_DATE,
     .flags = MUSTER_ON_CREATE | MUSTER_ON_UPDATE | MUSTER_AFTER_LEAVING,
     .doc = "The last day of it."},
    {.name = "DepartmentCode", .type = MUSTER_TEXT, .doc = "Code of a department that is there."},
    {.name = "LocationCode", .type = MUSTER_TEXT, .doc = "Code of a location that is there."},
    {.name = "ManagerEmployee", .type = MUSTER_TEXT, .doc = "Number of the manager, ours or theirs."},
    {.name = "AddressLine1", .type = MUSTER_TEXT, .doc = "Street and number."},
    {.name = "AddressLine2", .type = MUSTER_TEXT, .doc = "Rest of the address."},
    {.name = "ZipCode", .type = MUSTER_TEXT, .doc = "The postal code of the address."},
    {.name = "City", .type = MUSTER_TEXT, .doc = "The city of the address."},
    {.name = "CountryCode", .type = MUSTER_TEXT, .doc = "Country, two letters."},
    {0}};

static const muster_field employments_fields[] = {
    {.name = "Employment",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ID | MUSTER_ON_CREATE | MUSTER_MUST,
     .doc = "Number of the employee and first day, with a bar between: by these it is known."},
    {.name = "EnterpriseNo", .type = MUSTER_TEXT, .flags = MUSTER_MUST, .doc = "Number of the enterprise."},
    {.name = "EmploymentForm", .type = MUSTER_TEXT, .flags = MUSTER_MUST, .doc = "Permanent, Temporary and others."},
    {.name = "EmploymentType", .type = MUSTER_TEXT, .flags = MUSTER_MUST, .doc = "Ordinary, Maritime and others."},
    {.name = "IsDefault", .type = MUSTER_BOOL, .flags = MUSTER_MUST, .doc = "Whether it is the main one."},
    {.name = "StartDate", .type = MUSTER_DATE, .flags = MUSTER_MUST, .doc = "The first day of it."},
    {.name = "EndDate",
     .type = MUSTER_DATE,
     .flags = MUSTER_ON_CREATE | MUSTER_ON_UPDATE | MUSTER_AFTER_LEAVING,
     .doc = "The last day of it."},
    {.name = "EndDateReason",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ON_CREATE | MUSTER_ON_UPDATE | MUSTER_AFTER_LEAVING,
     .doc = "Why it ended there."},
    {.name = "FullTimeHoursPerWeek",
     .type = MUSTER_DECIMAL,
     .flags = MUSTER_MUST,
     .doc = "Hours a week of a full position."},
    {.name = "ProfessionCode", .type = MUSTER_TEXT, .flags = MUSTER_MUST, .doc = "STYRK-98, seven digits."},
    {.name = "WorkingHoursArrangement", .type = MUSTER_TEXT, .flags = MUSTER_MUST, .doc = "NonShift and others."},
    {0}};

static const muster_field salaries_fields[] = {
    {.name = "Salary",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ID | MUSTER_ON_CREATE | MUSTER_MUST,
     .doc = "Number of the employee, first day of the employment and of the salary, with bars between."},
    {.name = "FromDate", .type = MUSTER_DATE, .flags = MUSTER_MUST, .doc = "The day from which on it is paid."},
    {.name = "RemunerationType",
     .type = MUSTER_TEXT,
     .flags = MUSTER_MUST,
     .doc = "FixedWage, HourlyWage or Commission."},
    {.name = "AnnualSalary", .type = MUSTER_DECIMAL, .doc = "What is paid a year, in NOK."},
    {.name = "HourlyRate", .type = MUSTER_DECIMAL, .doc = "What is paid an hour, in NOK."},
    {0}};

static const muster_field leaves_fields[] = {
    {.name = "Leave",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ID | MUSTER_ON_CREATE | MUSTER_MUST,
     .doc = "Number of the employee, first day of the employment and of the leave, with bars between."},
    {.name = "StartDate", .type = MUSTER_DATE, .flags = MUSTER_MUST, .doc = "The first day of it."},
    {.name = "EndDate", .type = MUSTER_DATE, .doc = "The last day of it."},
    {.name = "LeavePercentage", .type = MUSTER_DECIMAL, .flags = MUSTER_MUST, .doc = "How much of the time, 0 to 100."},
    {.name = "TypeOfLeave", .type = MUSTER_TEXT, .flags = MUSTER_MUST, .doc = "Maternity, Military and others."},
    {0}};

const muster_stream poweroffice_streams[] = {
    {.name = "employees",
     .doc = "Employees with their employments, and with salaries, full-time equivalents, leaves and lay-offs of these.",
     .fields = employees_fields,
     .mapping_in = employees_in,
     .mapping_out = employees_out,
     .kinds = "person employment absence pay",
     .flags = MUSTER_READ_FULL | MUSTER_READ_CHANGES | MUSTER_WRITE,
     .batch = 20,
     .gone = MUSTER_BY_ABSENCE},
    {.name = "departments",
     .doc = "Departments.",
     .mapping_in = departments_in,
     .kinds = "org_unit",
     .flags = MUSTER_READ_FULL,
     .gone = MUSTER_BY_ABSENCE},
    {.name = "locations",
     .doc = "Places of work.",
     .mapping_in = locations_in,
     .kinds = "org_unit",
     .flags = MUSTER_READ_FULL,
     .gone = MUSTER_BY_ABSENCE},
    {.name = "enterprises",
     .doc = "The companies of the client that employ.",
     .mapping_in = enterprises_in,
     .kinds = "org_unit",
     .flags = MUSTER_READ_FULL,
     .gone = MUSTER_BY_ABSENCE},
    {.name = "employments",
     .doc = "Of a target: employments as they are written.",
     .fields = employments_fields,
     .mapping_out = employments_out,
     .kinds = "employment",
     .flags = MUSTER_WRITE,
     .batch = 20},
    {.name = "salaries",
     .doc = "Of a target, where it is named: salaries of employments as they are written.",
     .fields = salaries_fields,
     .mapping_out = salaries_out,
     .kinds = "pay",
     .flags = MUSTER_WRITE,
     .batch = 20},
    {.name = "leaves",
     .doc = "Of a target, where it is named: leaves of employments as they are written.",
     .fields = leaves_fields,
     .mapping_out = leaves_out,
     .kinds = "absence",
     .flags = MUSTER_WRITE,
     .batch = 20},
    {0}};
