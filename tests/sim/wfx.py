"""wfx - WFX DataConnect as it calls us: the five operations, with the bodies that are published or assumed.

Not a server: WFX is the one who calls. A `Caller` sends events over one connection that stays open, shows a token, and
sends again what was not answered with 2xx, as often as it takes; so the same event may come twice. Written from what
the vendor publishes (operations, token, bodies of work orders and incidents); those of punches and notes are
assumed."""
import http.client
import json
import time


def work_order(number="T49098.34277.001N", customer=2, **more):
    days = {day: {"IsEnabled": day not in ("Saturday", "Sunday")} for day in (
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")}
    days["Friday"] |= {"OverriddenStartTime": "10:00", "OverriddenEndTime": "15:00"}
    return {
        "CustomerId": customer, "Tenant": "Securitime", "ClientName": "Client A", "ClientPositionName": "Gate",
        "LocationName": "Plant 1", "Reason": "Cover", "RequestedBy": "Jane Roe",
        "CommaSeparatedEmails": "a@client.example,b@client.example", "Phone": "+1234567890", "WorkOrderNumber": number,
        "IsArmed": True, "IsOffDuty": False, "AssignmentTerms": "LongTerm", "SiteInstructions": "Ring twice.",
        "Pin": "4711", "IvrPhoneNumber": "+1098765432",
        "ScheduleConfig": {"IsOngoing": False, "StartDate": "2023-05-15", "EndDate": "2023-05-21",
                           "StartTime": "08:00", "EndTime": "16:00",
                           "Weeks": [{"Shifts": [days | {"StartTime": "08:00", "EndTime": "16:00"}]}]}} | more


def incident(number=71, customer=2, **more):
    return {
        "IncidentId": number, "CustomerId": customer, "Tenant": "Securitime", "WorkOrderStem": "T49098.34277",
        "IncidentType": "Trespass", "SeverityLevel": 2, "Description": "Somebody at the fence",
        "Details": "Left again.",
        "OccurredDateLocal": "2023-05-16T09:12:00", "ReportedDateLocal": "2023-05-16T09:30:00",
        "EmailSent": "2023-05-16T09:31:00", "ReportedBy": "John Doe", "ReportedVia": "IVR",
        "PersonsInvolved": "unknown",
        "CallerId": "+1234567890", "CreateUserId": "user123", "EditUserId": "user124", "CostRecovery": 12.5,
        "AudioFileUrl": "https://files.example/a.wav", "FileAttachmentUrls": ["https://files.example/1.jpg"]} | more


def punch(number, person, direction="In", at="2023-05-16T08:02:11", customer=2, **more):
    return {
        "PunchId": number, "ScheduleId": 555, "CustomerId": customer, "Tenant": "Securitime",
        "WorkOrderNumber": "T49098.34277.001N", "WorkOrderStem": "T49098.34277", "PunchType": direction,
        "PunchDateLocal": at, "GuardId": f"G-{person}", "GuardName": "John Doe", "EmployeeNumber": str(person),
        "Source": "IVR", "CallerId": "+1234567890", "Latitude": 40.7, "Longitude": -74.0,
        "CreateUserId": "user123"} | more


def deletion(number, customer=2, **more):
    return {"PunchId": number, "ScheduleId": 555, "CustomerId": customer, "Tenant": "Securitime",
            "WorkOrderStem": "T49098.34277", "DeleteUserId": "admin1",
            "DeletedDateLocal": "2023-05-16T18:00:00"} | more


def note(number=321, customer=2, **more):
    return {"NoteId": number, "ScheduleId": 555, "CustomerId": customer, "Tenant": "Securitime",
            "WorkOrderNumber": "T49098.34277.001N", "WorkOrderStem": "T49098.34277", "Note": "Bring a torch.",
            "IsPublic": True, "CreateUserId": "admin1", "CreateDateLocal": "2023-05-16T15:30:00"} | more


class Caller:
    """`port` may be a function: where the receiver is now."""

    def __init__(self, port, base, token=None, patience=120):
        self.port, self.base, self.token, self.patience = port, base, token, patience
        self.connection = None

    def send(self, method, path, body=None, headers=None):
        """(status, answer); raises OSError or HTTPException when there was none."""
        if not self.connection:
            port = self.port() if callable(self.port) else self.port
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        said = {"Content-Type": "application/json"} | (headers or {})
        if self.token:
            said["Authorization"] = f"Bearer {self.token}"
        try:
            self.connection.request(method, self.base + path, None if body is None else json.dumps(body), said)
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def deliver(self, method, path, body=None):
        """Again until it is taken; how often it took."""
        end, times = time.monotonic() + self.patience, 0
        while True:
            times += 1
            try:
                status, answer = self.send(method, path, body)
                if 200 <= status < 300:
                    return times
                assert status in (408, 429, 503), (status, answer)
            except (OSError, http.client.HTTPException):
                pass
            assert time.monotonic() < end, f"{method} {path} was not taken"
            time.sleep(0.02)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None
