/* people - finding somebody; one person with all that hangs on them, where each value is from, and what it was. */
import { get, may, organizationPath, pages } from "./api.js";
import { doAsked } from "./acts.js";
import { badge, button, finder, h, link, more, sayProblem, section, table, value, when, words } from "./dom.js";

const PAGE = 100;
const PIN = [
  { name: "value", label: "Its value; empty: that there is none" },
  { name: "until", label: "Until when? A day, or source-agrees; empty: until it is taken off", value: "source-agrees" },
];
const withValue = (body) => ({ value: "", ...body });
const HIDDEN = new Set(["id", "sources", "provenance", "person", "valid_from", "record"]);

export async function showPeople({ organization, parameters, kept, again }) {
  const path = organizationPath(organization);
  const text = parameters.get("text") || "";
  const found = await pages(`${path}/people`, { text, limit: PAGE }, kept.depth);
  const title = "Name, number or e-mail";
  const field = h("input", {
    type: "search",
    name: "text",
    value: text,
    ariaLabel: title,
    placeholder: title,
    autofocus: true,
  });
  const to = (said) => `#/${encodeURIComponent(organization)}/people?${new URLSearchParams({ text: said })}`;
  return [
    h("h1", {}, "People"),
    finder(field, "Find", to),
    found.items.length === 0 && h("p", {}, text ? `Nobody is found by “${text}”.` : "Nobody yet."),
    found.items.length > 0 &&
      table(
        found.items,
        [
          ["Number", (one) => one.employee_number],
          ["Name", (one) => link([organization, "people", `id:${one.id}`], one.name || `id:${one.id}`)],
          ["Status", (one) => one.status && badge(one.status)],
          ["E-mail", (one) => one.work_email],
        ],
        (one) => one.id,
      ),
    more(found, { kept, again }),
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
      ["Why", (one) => one.sentence],
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
      ["Differs", (one) => one.differs && badge("differs", "held")],
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
  return table(
    rows,
    [
      ["Field", ([name]) => words(name)],
      ["Value", ([, said]) => value(said)],
      ["From", ([name]) => thing.provenance?.[name]],
      ["Why?", ([name]) => button("Why?", () => explain(prefix + name), `Why? ${words(prefix + name)}`), "doings"],
    ],
    ([name]) => name,
  );
}

/* A list of things that hang on the person, as employments do. */
const isPart = (said) => Array.isArray(said) && said.length > 0 && typeof said[0] === "object";

function changes(items) {
  const from = (one) => ("from" in one ? value(one.from) : "kept no longer");
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
    ["From", (one) => one.field && from(one)],
    ["To", (one) => one.field && value(one.to)],
    ["Why", (one) => one.reason],
  ]);
}

/* How far back what stands in the history is whole. */
function bygone(items, horizon) {
  if (!horizon || !items.some((one) => one.run < horizon.run)) return null;
  const rest = "of older changes is left what stood then, and since when";
  return h("p", { className: "faint" }, `Whole from run ${horizon.run} on. ${horizon.sentence}; ${rest}.`);
}

/* What was asked by a click last, asked anew: why a value is what it is, or what a target is told. */
async function answerTo(path, asked, decide) {
  if (asked.target) {
    const { items } = await get(`${path}/explain`, { target: asked.target });
    return [
      h("h2", {}, `What ${asked.target} is told`),
      items.length ? items.map(telling) : h("p", {}, "Nothing, and nothing is to be told."),
    ];
  }
  const { field } = asked;
  const { items } = await get(`${path}/explain`, { field });
  const pin = { title: `Put another value above ${words(field)}`, yes: "Pin", fields: PIN, whole: withValue };
  const unpin = { title: `Let the sources say ${words(field)} again`, yes: "Unpin" };
  const pinned = items.some((item) => item.pinned);
  return [
    h("h2", {}, "Why?"),
    items.map(explanation),
    h(
      "p",
      { className: "buttons" },
      may("pin") && button("Pin …", () => decide("pin", { field }, pin)),
      may("unpin") && pinned && button("Unpin …", () => decide("unpin", { field }, unpin)),
    ),
  ];
}

/* While a page is made anew something else may be asked on the one that is there: it is not to be gone then. */
async function answerKept(path, kept, decide) {
  for (;;) {
    const { asked } = kept;
    const wrong = (problem) => h("p", { className: "bad" }, problem.message);
    const answer = asked && (await answerTo(path, asked, decide).catch(wrong));
    if (kept.asked === asked) return answer;
  }
}

export async function showPerson({ organization, rest: [key], horizon, kept, again }) {
  const path = organizationPath(organization, "people", key);
  const decide = async (act, body, how) => (await doAsked(`${path}/${act}`, body, how)) && again();
  const [person, history, connections] = await Promise.all([
    get(path, { origin: true }),
    get(`${path}/history`),
    get(organizationPath(organization, "connections")),
  ]);
  const answer = await answerKept(path, kept, decide);
  const targets = connections.items.filter((one) => one.target).map((one) => one.connection);
  const asks = guarded(async (asked) => {
    kept.asked = asked;
    const said = await answerTo(path, asked, decide);
    const place = document.getElementById("why");
    place.replaceChildren(h("div", {}, said));
    place.scrollIntoView({ block: "nearest" });
  });
  const explain = (field) => asks({ field });
  const name = [person.given_name, person.family_name].filter(Boolean).join(" ");
  const parts = Object.entries(person).filter(([kind, said]) => !HIDDEN.has(kind) && isPart(said));
  return [
    h("h1", {}, name || `id:${person.id}`, " ", person.status && badge(person.status)),
    section("Person", fields(person, "", explain)),
    targets.length > 0 &&
      h(
        "p",
        { className: "buttons" },
        targets.map((target) => button(`What is ${target} told?`, () => asks({ target }))),
      ),
    h("div", { id: "why", ariaLive: "polite" }, answer && h("div", {}, answer)),
    parts.map(([kind, things]) =>
      section(
        words(kind),
        things.map((thing, n) => h("div", { data: { key: thing.id } }, fields(thing, `${kind}[${n + 1}].`, explain))),
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
    section("History", changes(history.items), bygone(history.items, horizon)),
  ];
}
