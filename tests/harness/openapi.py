"""openapi - a client of an API, written by hand from its OpenAPI document: it sends what the document allows and
nothing else, and holds every answer against the schema that the document gives for it."""
import http.client
import json
import urllib.parse

import jsonschema

VALIDATOR = jsonschema.Draft202012Validator


class Problem(Exception):
    """An answer that is no success; it was what the document says of such answers."""

    def __init__(self, status, body, headers):
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


def references(part):
    """All that a part of the document refers to."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


class Document:
    def __init__(self, text):
        self.whole = json.loads(text)
        self.operations = {}
        for path, methods in self.whole["paths"].items():
            for method, operation in methods.items():
                name = operation["operationId"]
                assert name not in self.operations, f"{name} is there twice"
                self.operations[name] = (method.upper(), path, operation)

    def resolve(self, part):
        while "$ref" in part:
            found = self.whole
            for word in part["$ref"].removeprefix("#/").split("/"):
                found = found[word]
            part = found
        return part

    def check(self):
        """What can be wrong with a document by itself."""
        assert self.whole["openapi"].startswith("3.1."), self.whole["openapi"]
        for reference in references(self.whole):
            self.resolve({"$ref": reference})
        for schema in self.whole["components"]["schemas"].values():
            VALIDATOR.check_schema(schema)
        for name, (method, path, operation) in self.operations.items():
            parameters = [self.resolve(one) for one in operation["parameters"]]
            keys = [(one["in"], one["name"]) for one in parameters]
            assert len(set(keys)) == len(keys), f"{name}: a parameter is there twice"
            wanted = {part[1:-1] for part in path.split("/") if part.startswith("{")}
            assert wanted == {key for place, key in keys if place == "path"}, f"{name}: {path}, {keys}"
            assert all(one["required"] for one in parameters if one["in"] == "path"), name
            for one in parameters:
                VALIDATOR.check_schema(one["schema"])
            assert "default" in operation["responses"] and operation["summary"], name
            assert (method == "POST") == ("requestBody" in operation), name
            if method == "POST":
                content = operation["requestBody"]["content"]["application/json"]
                self.holds(content["schema"], content["example"], f"the example of {name}")

    def holds(self, schema, value, what):
        errors = sorted(VALIDATOR({**schema, "components": self.whole["components"]}).iter_errors(value), key=str)
        assert not errors, f"{what}: {errors[0].message} at {list(errors[0].absolute_path)}: {value}"


class Client:
    """client.call("getPerson", organization="acme", key="1001")"""

    def __init__(self, document, port, token):
        self.document, self.port, self.token, self.called = document, port, token, {}

    def call(self, name, headers=None, **said):
        method, path, operation = self.document.operations[name]
        query = {}
        for parameter in map(self.document.resolve, operation["parameters"]):
            key = parameter["name"]
            if key not in said:
                assert not parameter["required"], f"{name} needs {key}"
                continue
            value = said.pop(key)
            self.document.holds(parameter["schema"], value, f"{name}: {key}")
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if parameter["in"] == "path":
                path = path.replace("{" + key + "}", urllib.parse.quote(text, safe=""))
            else:
                query[key] = text
        body = None
        if "requestBody" in operation:
            self.document.holds(operation["requestBody"]["content"]["application/json"]["schema"], said, name)
            body = json.dumps(said)
        else:
            assert not said, f"{name} takes no {said}"
        answer = self.send(method, path + ("?" + urllib.parse.urlencode(query) if query else ""), body, headers)
        return self.check(name, operation, answer)

    def send(self, method, target, body=None, headers=None):
        talk = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        heads = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None:
            heads["Content-Type"] = "application/json"
        talk.request(method, target, body, {**heads, **(headers or {})})
        reply = talk.getresponse()
        answer = Answer(reply.status, reply.headers, reply.read())
        talk.close()
        return answer

    def check(self, name, operation, answer):
        responses = operation["responses"]
        self.called.setdefault(name, set()).add(answer.status)
        response = self.document.resolve(responses.get(str(answer.status), responses["default"]))
        if "content" not in response:
            assert answer.body == b"", answer.body
            return answer
        kind = answer.headers["Content-Type"]
        assert kind in response["content"], f"{name}: {answer.status} {kind}: {answer.body}"
        answer.body = json.loads(answer.body)
        self.document.holds(response["content"][kind]["schema"], answer.body, f"the answer of {name}")
        if answer.status >= 400:
            raise Problem(answer.status, answer.body, answer.headers)
        return answer
