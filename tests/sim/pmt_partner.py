"""pmt_partner - PMT's partner interface ("rest.php"): chains, stores, departments, users, log-in, shifts of who is
logged in. What is asked of a store comes here with the words of its path behind the store's own."""
import datetime
import urllib.parse

from simulator import Refused, Reply, only

FORM = "application/x-www-form-urlencoded"


def answer(simulator, request, words):
    key = request.headers.get("api-key")
    if not key:
        raise Refused(403, "API key is missing.")
    if key not in simulator.settings["api_keys"]:
        raise Refused(403, "API key is invalid.")
    if words == ["chains"]:
        need(request, "GET")
        return reply("chains", {"chains": [{"name": name, "base_url": simulator.address(chain_slug, False)}
                                           for chain_slug, name in simulator.chains.items()]})
    if len(words) == 2 and words[1] == "stores" and words[0] in simulator.chains:
        need(request, "GET")
        return reply("stores", {"stores": [row(simulator, store) for store in simulator.stores.values()
                                           if store.chain == simulator.chains[words[0]] and store.listed]})
    store = simulator.stores.get(words[0]) if words else None
    if store is None:
        raise Refused(404, "Store not found")
    return of_store(simulator, store, request, words[1:])


def row(simulator, store):
    return {"id": store.id, "name": store.name, "address": store.address, "zip": store.zip, "city": store.city,
            "base_store_url": store.url or simulator.address(store.slug, True)}


def of_store(simulator, store, request, words):
    if words == ["departments"]:
        need(request, "GET")
        return reply("departments", {"departments": [
            {"department_id": one, "department_name": name, "department_shortcode": code}
            for one, name, code in store.departments.values()]})
    if words == ["users"]:
        need(request, "GET")
        return reply("users", {"data": [store.shown(user) for user in store.users.values()]})
    if words == ["login"]:
        need(request, "POST")
        return log_in(store, request)
    if words[:2] == ["me", "shifts"] and len(words) == 3:
        need(request, "GET")
        return my_shifts(simulator, store, request, words[2])
    if len(words) == 3 and words[0] == "shift":
        return of_shift(store, request, words[1], words[2])
    if words == ["shifts"] and simulator.settings["store_shifts"] != "off":
        need(request, "GET")
        return all_shifts(simulator, store, request)
    raise Refused(404, "Not found")


def log_in(store, request):
    """The body is a form; what comes as anything else was not said."""
    form = urllib.parse.parse_qs(request.body.decode("utf-8", "replace")) if request.content_type() == FORM else {}
    for name in ("username", "password"):
        if not form.get(name):
            raise Refused(400, f"Please provide {name}")
    user, token = store.log_in(form["username"][-1], form["password"][-1])
    if user is None:
        raise Refused(401, "Incorrect username or password.")
    return reply("login", {"successful": True, "logged_in_user_token": token, "user_id": int(user["id"])})


def logged_in(store, request):
    token = request.headers.get("logged-in-user-token")
    if not token:
        raise Refused(403, "Token is missing.")
    user = store.logged_in(token)
    if user is None:
        raise Refused(400, "Token Expired. Please log in again")
    return user


def my_shifts(simulator, store, request, text):
    user, first = logged_in(store, request), day(text)
    last = first + datetime.timedelta(days=simulator.settings["span_days"] - 1)
    return reply("shifts", {"shifts": [store.shift_shown(shift) for shift in store.shifts_between(first, last, user)]})


def of_shift(store, request, one, what):
    user = logged_in(store, request)
    shift = store.shifts.get(one)
    if what not in ("available", "interestedInShift", "notInterestedInShift"):
        raise Refused(404, "Not found")
    need(request, "POST" if what == "notInterestedInShift" else "GET")
    if shift is None:
        raise Refused(404, "Shift not found")
    if what == "available":
        return reply("available", {"users": [
            {"id": other["id"], "first_name": other["first_name"], "last_name": other["last_name"]}
            for other in store.colleagues(shift) if not store.why_not(other, shift)]})
    mine, others = ("interested", "not_interested") if what == "interestedInShift" else ("not_interested", "interested")
    if user["id"] == shift["user"] or (mine == "interested" and store.why_not(user, shift)):
        return reply(what, {"successful": False})
    shift[mine] = sorted({*shift[mine], user["id"]})
    shift[others] = [other for other in shift[others] if other != user["id"]]
    return reply(what, {"successful": True})


def all_shifts(simulator, store, request):
    """Assumed as a whole: everybody's, for a service."""
    if simulator.settings["store_shifts"] == "token" and logged_in(store, request)["rolename"] != "admin":
        raise Refused(403, "Token is missing.")
    first, last = (day(request.parameter(name) or "") for name in ("date_from", "date_to"))
    return reply("shifts", {"shifts": [store.shift_shown(shift) | {"user_id": shift["user"]}
                                       for shift in store.shifts_between(first, last)]})


def day(text):
    if not only("[0-9]{2}-[0-9]{2}-[0-9]{4}", text):
        raise Refused(400, "Invalid date")
    try:
        return datetime.datetime.strptime(text, "%d-%m-%Y").date()
    except ValueError:
        raise Refused(400, "Invalid date") from None


def need(request, method):
    if request.method != method:
        raise Refused(405, "Method not allowed")


def reply(operation, document):
    rows = next((len(value) for value in document.values() if isinstance(value, list)), None)
    return Reply(200, document, operation=operation, told=None if rows is None else {"rows": rows})
