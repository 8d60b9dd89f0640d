/* people - finding somebody; one person with all that hangs on them, where each value is from, and what it was. */
import { get, organizationPath, page } from "./api.js";
import { doAsked } from "./acts.js";
import { badge, button, h, link, sayProblem, section, table, value, when, words } from "./dom.js";

const PAGE = 50;
const PIN = [
  { name: "value", label: "Its value; empty: that there is none" },
  { name: "until", label: "Until when? A day, or source-agrees; empty: until it is taken off", value: "source-agrees" },
];
const withValue = (body) => ({ value: "", ...body });
const HIDDEN = new Set(["id", "sources", "provenance", "person", "valid_from", "record"]);

export async function showPeople({ organization, parameters }) {
  const path = organizationPath(organization);
  const text = parameters.get("text") || "";
  const found = await page(`${path}/people`, { text, limit: PAGE, cursor: parameters.get("cursor") || undefined });
  const input = h("input", {
    type: "search",
    name: "text",
    value: text,
    ariaLabel: "Name, number or e-mail",
    autofocus: true,
  });
  const search = h(
    "form",
    {
      className: "buttons",
      onsubmit: (event) => {
        event.preventDefault();
        location.hash = `#/${organization}/people?${new URLSearchParams({ text: input.value.trim() })}`;
      },
    },
    input,
    h("button", { className: "main" }, "Find"),
  );
  const more = new URLSearchParams({ text, cursor: found.next || "" });
  return [
    h("h1", {}, "People"),
    search,
    found.items.length === 0 && h("p", {}, text ? `Nobody is found by “${text}”.` : "Nobody yet."),
    found.items.length > 0 &&
      table(found.items, [
        ["Number", (one) => one.employee_number],
        ["Name", (one) => link([organization, "people", `id:${one.id}`], one.name || `id:${one.id}`)],
        ["Status", (one) => one.status && badge(one.status)],
        ["E-mail", (one) => one.work_email],
      ]),
    found.next && h("p", {}, h("a", { href: `#/${organization}/people?${more}` }, "Further")),
  ];
}

/* Why a value is what it is: each record that says something, and why it counts or not. */
function explanation(item) {
  const since = item.since && [" since ", when(item.since.at), ` (run ${item.since.run})`];
  return [
    h("p", {}, h("b", {}, `${words(item.field)}: ${value(item.value)}`), since),
    item.pinned && h("p", {}, `A person said so: ${item.pinned.author}, “${item.pinned.reason}” (${item.pinned.id})`),
    table(item.records || [], [
      ["Record", (one) => one.record],
      ["Says", (one) => value(one.says)],
      ["", (one) => one.sentence],
      ["Held", (one) => one.held && `${value(one.held)} (${words(one.held_reason || "")})`],
      ["Where", (one) => one.place],
      ["Rule", (one) => one.rule_at],
    ]),
    (item.otherwise || []).map((one) => h("p", {}, `${one.when}: ${value(one.value)}`)),
  ];
}

/* What a target has of the person, what it is to have, and whose turn it is. */
function telling(item) {
  const state = [words(item.state || ""), item.turn, item.answer && value(item.answer)].filter(Boolean).join(": ");
  return [
    h(
      "p",
      {},
      h("b", {}, words(item.stream)),
      item.remote_id && ` (there: ${item.remote_id})`,
      `: ${state}`,
      item.since && [", since ", when(item.since)],
    ),
    table(item.fields || [], [
      ["Field", (one) => one.field],
      ["There", (one) => (one.known ? value(one.there) : "not known")],
      ["Is to be", (one) => value(one.is_to_be)],
      ["", (one) => one.differs && badge("differs", "held")],
      ["From", (one) => one.from && words(one.from)],
      ["Rule", (one) => one.rule],
    ]),
  ];
}

/* What is asked by a click: a refusal is told, and the page stays. */
const guarded = (work) => (about) => work(about).catch(sayProblem);

/* The fields of one thing. A click on a value explains it. */
function fields(thing, prefix, explain) {
  const rows = Object.entries(thing).filter(([name, said]) => !HIDDEN.has(name) && !isPart(said));
  return table(rows, [
    ["Field", ([name]) => words(name)],
    ["Value", ([, said]) => value(said)],
    ["From", ([name]) => thing.provenance?.[name]],
    ["", ([name]) => button("Why?", () => explain(prefix + name))],
  ]);
}

/* A list of things that hang on the person, as employments do. */
const isPart = (said) => Array.isArray(said) && said.length > 0 && typeof said[0] === "object";

function changes(items) {
  const rows = items.flatMap((one) =>
    Object.entries(one.changes || {}).length
      ? Object.entries(one.changes).map(([field, change]) => ({ ...one, field, ...change }))
      : [one],
  );
  return table(rows, [
    ["When", (one) => when(one.at)],
    ["Run", (one) => one.run],
    ["By", (one) => one.author || one.connection],
    ["What", (one) => `${words(one.kind)} ${words(one.what)}`],
    ["Field", (one) => one.field && words(one.field)],
    ["From", (one) => one.field && value(one.from)],
    ["To", (one) => one.field && value(one.to)],
    ["Why", (one) => one.reason],
  ]);
}

export async function showPerson({ organization, rest: [key], again }) {
  const path = organizationPath(organization, "people", key);
  const [person, history, connections] = await Promise.all([
    get(path, { origin: true }),
    get(`${path}/history`),
    get(organizationPath(organization, "connections")),
  ]);
  const targets = connections.items.filter((one) => one.target).map((one) => one.connection);
  const why = h("div", { id: "why", ariaLive: "polite" });
  const show = (...found) => {
    why.replaceChildren(...found.flat(Infinity).filter(Boolean));
    why.scrollIntoView({ block: "nearest" });
  };
  const decide = async (act, body, how) => (await doAsked(`${path}/${act}`, body, how)) && again();
  const explain = guarded(async (field) => {
    const { items } = await get(`${path}/explain`, { field });
    const pin = () =>
      decide(
        "pin",
        { field },
        { title: `Put another value above ${words(field)}`, yes: "Pin", fields: PIN, whole: withValue },
      );
    const unpin = () =>
      decide("unpin", { field }, { title: `Let the sources say ${words(field)} again`, yes: "Unpin" });
    const pinned = items.some((item) => item.pinned);
    show(
      h("h2", {}, "Why?"),
      items.map(explanation),
      h("p", { className: "buttons" }, button("Pin …", pin), pinned && button("Unpin …", unpin)),
    );
  });
  const told = guarded(async (target) => {
    const { items } = await get(`${path}/explain`, { target });
    show(
      h("h2", {}, `What ${target} is told`),
      items.length ? items.map(telling) : h("p", {}, "Nothing, and nothing is to be told."),
    );
  });
  const name = [person.given_name, person.family_name].filter(Boolean).join(" ");
  const parts = Object.entries(person).filter(([kind, said]) => !HIDDEN.has(kind) && isPart(said));
  return [
    h("h1", {}, name || `id:${person.id}`, " ", person.status && badge(person.status)),
    section("Person", fields(person, "", explain)),
    targets.length > 0 &&
      h(
        "p",
        { className: "buttons" },
        targets.map((one) => button(`What is ${one} told?`, () => told(one))),
      ),
    why,
    parts.map(([kind, things]) =>
      section(
        words(kind),
        things.map((thing, n) => fields(thing, `${kind}[${n + 1}].`, explain)),
      ),
    ),
    section(
      "Records",
      table(person.sources || [], [
        ["Record", (one) => one.record],
        ["State", (one) => one.state && badge(one.state)],
        ["Run", (one) => link([organization, "runs", String(one.run)], String(one.run))],
        ["Since", (one) => when(one.since)],
      ]),
    ),
    section("History", changes(history.items)),
  ];
}
