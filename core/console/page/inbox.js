/* inbox - all that waits for a person, by what it is and where it comes from, and the decisions about it. */
import { list, organizationPath } from "./api.js";
import { doAsked, doNow } from "./acts.js";
import { button, counted, h, link, say, section, table, value, when, words } from "./dom.js";

const UNTIL = { name: "until", label: "Through which day? Empty: for good.", type: "date" };
const forGood = (body) => (body.until ? body : { ...body, for_good: true });
/* By the letter that an id begins with. `acts`: [button, what is asked of the API, what is asked of the person first,
 * and the body of that]. */
const SORTS = {
  h: {
    title: "Held changes",
    one: "held change",
    acts: [
      ["Approve", "approve"],
      ["Reject", "reject", [UNTIL], forGood],
    ],
  },
  r: { title: "Reviews: whose record is it?", one: "review", acts: [] },
  c: { title: "Changed columns", one: "changed column", acts: [] },
  d: {
    title: "Dead letters",
    one: "dead letter",
    acts: [
      ["Retry", "retry"],
      ["Discard", "discard"],
    ],
  },
  t: {
    title: "By hand",
    one: "task",
    acts: [
      ["Retry", "retry"],
      ["Discard", "discard"],
    ],
  },
};
const AS = { name: "as", label: "What became of it?", choices: ["renamed", "new", "vanished"] };
const COLUMN = { name: "column", label: "Renamed to which column?" };
const KEY = { name: "key", label: "Of which person? As in number:1001, email:a@acme.example or id:12.", needed: true };

const MOST = 1000;
const connectionOf = (item) => (item.record || "").split("/")[0];

function what(organization, item) {
  const field = item.field && `${words(item.field)}: `;
  const text = item.text !== undefined && item.text !== null && item.text !== "" && `“${value(item.text)}” `;
  const who = item.entity && [" ", link([organization, "people", `id:${item.entity}`], "Who is it?")];
  return [field, text, item.sentence, who];
}

/* What is decided one by one: whose record it is, what became of a column. */
function oneByOne(path, item, again) {
  const decide = (name, to, how) =>
    button(name, async () => {
      if (await doAsked(`${path}/${to}`, how.body || {}, { yes: name, ...how })) again();
    });
  if (item.id[0] === "c") {
    const title = `What became of column “${item.column}”?`;
    return decide("Decide", `inbox/${item.id}/accept`, {
      title,
      tries: false,
      fields: [AS, { ...COLUMN, value: item.offer }],
    });
  }
  if (item.id[0] !== "r") return null;
  const whose = { ...KEY, value: item.entity ? `id:${item.entity}` : "" };
  const body = { record: item.id };
  return [
    decide("It is theirs", "link", { title: `Whose is ${item.record}?`, body, fields: [whose] }),
    decide("It is not theirs", "keep-apart", { title: `Whose is ${item.record} not?`, body, fields: [whose] }),
    decide("Somebody new", "unlink", { title: `${item.record} stands by itself`, body }),
  ];
}

/* Those of one sort and connection: they are chosen, and decided on together. */
function group(organization, sort, items, again) {
  const path = organizationPath(organization);
  const boxes = new Map(items.map((item) => [item.id, h("input", { type: "checkbox", ariaLabel: item.id })]));
  const chosen = () => items.filter((item) => boxes.get(item.id).checked).map((item) => item.id);
  const all = h("input", {
    type: "checkbox",
    onchange: () => boxes.forEach((box) => (box.checked = all.checked)),
  });
  const decide = ([name, act, fields, whole]) =>
    button(name, async () => {
      const ids = chosen();
      if (ids.length === 0)
        return say(`Choose first what is to be decided: ${name} is about those that are ticked.`, "waits");
      const how = { title: `${name} ${counted(ids.length, sort.one)}?`, yes: name, fields, whole };
      const to = `${path}/inbox/${act}`;
      if (act === "retry" ? await doNow(to, { ids }, "Trying again …") : await doAsked(to, { ids }, how)) again();
    });
  return [
    h("h3", {}, `${connectionOf(items[0])}: ${counted(items.length, sort.one)}`),
    sort.acts.length > 0 &&
      h("p", { className: "buttons" }, h("label", {}, all, " all of these"), sort.acts.map(decide)),
    table(items, [
      ["", (item) => sort.acts.length > 0 && boxes.get(item.id)],
      ["Id", (item) => item.id],
      ["Since", (item) => when(item.since)],
      ["Place", (item) => item.place],
      ["Record", (item) => (item.record || "").split("/").slice(1).join("/")],
      ["What is wrong", (item) => what(organization, item)],
      ["", (item) => h("span", { className: "buttons" }, oneByOne(path, item, again))],
    ]),
  ];
}

/* What is paused, set aside or waits for an authorization has words for an id. */
const stopped = (items) =>
  table(items, [
    ["What", (item) => item.record || item.id],
    ["Since", (item) => when(item.since)],
    ["Why", (item) => item.sentence],
    ["Next", (item) => h("code", {}, item.next)],
  ]);

export async function showInbox({ organization, again }) {
  const items = await list(`${organizationPath(organization)}/inbox`, MOST);
  const others = items.filter((item) => !/^[a-z]\d+$/.test(item.id));
  const sections = Object.entries(SORTS).map(([letter, sort]) => {
    const of = Map.groupBy(
      items.filter((item) => item.id[0] === letter && !others.includes(item)),
      connectionOf,
    );
    return (
      of.size > 0 &&
      section(
        sort.title,
        [...of.values()].map((some) => group(organization, sort, some, again)),
      )
    );
  });
  return [
    h("h1", {}, "What waits"),
    items.length === 0 && h("p", {}, "Nothing waits for anybody."),
    items.length >= MOST && h("p", {}, `There is more: these are the first ${items.length}.`),
    others.length > 0 && section("Stopped", stopped(others)),
    sections,
  ];
}
