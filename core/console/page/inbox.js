/* inbox - all that waits for a person, by what it is and where it comes from, and the decisions about it. */
import { may, organizationPath, pages } from "./api.js";
import { doAsked, doNow } from "./acts.js";
import { button, counted, h, link, more, say, section, table, value, when, words } from "./dom.js";

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

const PAGE = 1000; // as many as can be decided at once
const connectionOf = (item) => (item.record || "").split("/")[0];

function what(organization, item) {
  const field = item.field && `${words(item.field)}: `;
  const text = item.text !== undefined && item.text !== null && item.text !== "" && `“${value(item.text)}” `;
  const who = item.entity && [" ", link([organization, "people", `id:${item.entity}`], "Who is it?")];
  return [field, text, item.sentence, who];
}

/* What is decided one by one: whose record it is, what became of a column. */
function oneByOne(path, item, again) {
  const decide = (name, to, how) => {
    const act = async () => {
      if (await doAsked(`${path}/${to}`, how.body || {}, { yes: name, ...how })) again();
    };
    return button(name, act, `${name}: ${item.id}`);
  };
  if (item.id[0] === "c") {
    if (!may("accept")) return null;
    const title = `What became of column “${item.column}”?`;
    return decide("Decide", `inbox/${item.id}/accept`, {
      title,
      tries: false,
      fields: [AS, { ...COLUMN, value: item.offer }],
    });
  }
  if (item.id[0] !== "r" || !may("link")) return null;
  const whose = { ...KEY, value: item.entity ? `id:${item.entity}` : "" };
  const body = { record: item.id };
  return h("span", { className: "buttons" }, [
    decide("It is theirs", "link", { title: `Whose is ${item.record}?`, body, fields: [whose] }),
    decide("It is not theirs", "keep-apart", { title: `Whose is ${item.record} not?`, body, fields: [whose] }),
    decide("Somebody new", "unlink", { title: `${item.record} stands by itself`, body }),
  ]);
}

const boxesOf = (part) => [...part.closest(".group").querySelectorAll("td.tick input")];

/* Ticks all, or none where all are. */
function tickAll({ currentTarget }) {
  const boxes = boxesOf(currentTarget);
  const on = boxes.some((box) => !box.checked);
  for (const box of boxes) box.checked = on;
}

/* A decision about those of a group that are ticked when it is pressed. */
function decision(path, sort, whose, again, [name, act, fields, whole]) {
  const decide = async ({ currentTarget }) => {
    const ticked = boxesOf(currentTarget).filter((box) => box.checked);
    const ids = ticked.map((box) => box.value);
    if (ids.length === 0)
      return say(`Choose first what is to be decided: ${name} is about those that are ticked.`, "waits");
    if (ids.length > PAGE) return say(`${ids.length} are too many at once: tick ${PAGE} at most.`, "waits");
    const how = { title: `${name} ${counted(ids.length, sort.one)}?`, yes: name, fields, whole };
    const to = `${path}/inbox/${act}`;
    if (!(act === "retry" ? await doNow(to, { ids }, "Trying again …") : await doAsked(to, { ids }, how))) return;
    for (const box of ticked) box.checked = false;
    again();
  };
  return button(name, decide, `${name} what is ticked of ${whose}`);
}

/* Those of one sort and connection: they are chosen, and decided on together. */
function group(organization, sort, items, further, again) {
  const path = organizationPath(organization);
  const whose = connectionOf(items[0]);
  const acts = sort.acts.filter(([, act]) => may(act));
  const box = ({ id }) => h("input", { type: "checkbox", value: id, ariaLabel: id });
  return h(
    "div",
    { className: "group", data: { key: whose } },
    h("h3", {}, `${whose}: ${counted(items.length, sort.one)}${further ? " of those listed" : ""}`),
    acts.length > 0 &&
      h(
        "p",
        { className: "buttons" },
        button("Tick all", tickAll, `Tick all of ${whose}`),
        acts.map((act) => decision(path, sort, whose, again, act)),
      ),
    table(
      items,
      [
        ["Choose", (item) => acts.length > 0 && box(item), "tick"],
        ["Id", (item) => item.id],
        ["Since", (item) => when(item.since)],
        ["Place", (item) => item.place],
        ["Record", (item) => (item.record || "").split("/").slice(1).join("/")],
        ["What is wrong", (item) => what(organization, item)],
        ["Decide", (item) => oneByOne(path, item, again), "doings"],
      ],
      (item) => item.id,
    ),
  );
}

/* What is paused, set aside or waits for an authorization has words for an id. */
const stopped = (items) =>
  table(
    items,
    [
      ["What", (item) => item.record || "all of the organization"],
      ["Since", (item) => when(item.since)],
      ["Why", (item) => item.sentence],
      ["Next", (item) => h("code", {}, item.next)],
    ],
    (item) => item.id,
  );

export async function showInbox({ organization, kept, again }) {
  const found = await pages(`${organizationPath(organization)}/inbox`, { limit: PAGE }, kept.depth);
  const others = found.items.filter((item) => !/^[a-z]\d+$/.test(item.id));
  const sections = Object.entries(SORTS).map(([letter, sort]) => {
    const of = Map.groupBy(
      found.items.filter((item) => item.id[0] === letter && !others.includes(item)),
      connectionOf,
    );
    return (
      of.size > 0 &&
      section(
        sort.title,
        [...of.values()].map((some) => group(organization, sort, some, found.next, again)),
      )
    );
  });
  return [
    h("h1", {}, "What waits"),
    found.items.length === 0 && h("p", {}, "Nothing waits for anybody."),
    found.items.length > 0 &&
      !may("approve") &&
      h("p", {}, "Your token looks, and decides nothing: an operator's does, and an administrator's discards, too."),
    others.length > 0 && section("Stopped", stopped(others)),
    sections,
    more(found, { kept, again }),
  ];
}
