/* dom - pages out of what is known: elements, tables, texts of values, questions. Whatever comes from a source becomes
 * text, never markup. */

/* h("td", { className: "number" }, "12"): what is null or false among the children is left out. `data`: its data-*. */
export function h(tag, { data, ...attributes } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  Object.assign(element.dataset, data);
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

export const link = (to, ...text) => h("a", { href: `#/${to.map(encodeURIComponent).join("/")}` }, ...text);

/* `whole`: what the button does where its text alone does not say of what, for who hears it. It begins with the text. */
export function button(text, onclick, whole = "") {
  return h("button", { type: "button", onclick, ...(whole && { ariaLabel: whole }) }, text);
}

const UNSEEN = new Set(["tick", "doings"]); // columns whose name is only for who hears it

/* [["Name", (row) => cell, "number"], …]; a column of which no row says anything is left out. `key` of a row: what it
 * is known by when the page is renewed. */
export function table(rows, columns, key = () => undefined) {
  const cells = rows.map((row) => columns.map(([, cell]) => cell(row)));
  const said = (cell) => cell !== "" && cell !== null && cell !== undefined && cell !== false;
  const shown = [...columns.keys()].filter((n) => cells.some((row) => said(row[n])));
  const className = (n) => columns[n][2] || "";
  const title = (n) => (UNSEEN.has(className(n)) ? h("span", { className: "unseen" }, columns[n][0]) : columns[n][0]);
  const line = (row, index) =>
    h(
      "tr",
      { data: key(rows[index]) === undefined ? {} : { key: key(rows[index]) } },
      shown.map((n) => h("td", { className: className(n), data: { name: columns[n][0] } }, said(row[n]) ? row[n] : "")),
    );
  const head = shown.map((n) =>
    h("th", { scope: "col", className: className(n), data: { name: columns[n][0] } }, title(n)),
  );
  return h(
    "div",
    { className: "wide" },
    h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, cells.map(line))),
  );
}

export function section(title, ...children) {
  return h("section", { data: { key: title } }, h("h2", {}, title), ...children);
}

/* Below a list that goes on. */
export function more(found, { kept, again }) {
  if (!found.next) return null;
  const further = () => {
    kept.depth++;
    return again();
  };
  return h(
    "p",
    { className: "buttons" },
    `These are the first ${number(found.items.length)}. `,
    button("More", further),
  );
}

/* A word that is looked for, or one of several: what is sent becomes the page's address. `to` makes it. */
export function finder(field, title, to) {
  const onsubmit = (event) => {
    event.preventDefault();
    location.hash = to(new FormData(event.currentTarget).get(field.name).trim());
  };
  return h(
    "form",
    { className: "buttons", role: "search", onsubmit },
    field,
    h("button", { className: "main" }, title),
  );
}

export function select(name, choices, chosen, title) {
  const options = choices.map(([value, text]) => h("option", { value, selected: value === chosen }, text));
  return h("select", { name, ariaLabel: title }, options);
}

/* --- values as people read them --- */

let zone, moment, second;

/* The zone of the organization that is looked at: the times are those of the people whom it is about. */
export function inZone(name) {
  zone = name || Intl.DateTimeFormat().resolvedOptions().timeZone;
  moment = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: zone });
  second = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: zone });
}
inZone();

export function when(text, exact = false) {
  if (!text) return "";
  const shown = (exact ? second : moment).format(new Date(text));
  return h("time", { dateTime: text, title: `${text}, shown in ${zone}` }, shown);
}

export const number = (count) => (count === undefined ? "" : count.toLocaleString("en").replaceAll(",", "\u202f"));
export const some = (count) => (count ? number(count) : "");
export const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
export const words = (name) => name.replaceAll("_", " ");

/* A value of the model: text, a number, a unit, another person. */
export function value(said) {
  if (said === null || said === undefined || said === "") return "–";
  if (typeof said !== "object") return String(said);
  if (Array.isArray(said)) return said.map(value).join(", ");
  if (said.waiting) return `${value(said.waiting)} (not known yet)`;
  const text = [said.employee_number ?? said.code, said.name].filter(Boolean).join(" ");
  return text || Object.values(said).map(value).join(" ");
}

export const badge = (text, kind = text) => h("span", { className: `badge ${kind}` }, words(text));

/* --- what is said to who looks, and asked --- */

export function say(text, kind = "") {
  const place = document.getElementById("said");
  place.className = kind;
  place.textContent = text;
}

const sentence = (problem) => [problem.message, problem.next].filter(Boolean).join(" ");

export function sayProblem(problem) {
  say(sentence(problem), "bad");
}

/* { name, label, value, needed, choices, type } */
function input(field, first) {
  const common = { name: field.name, required: Boolean(field.needed), autofocus: first };
  if (field.choices)
    return h(
      "select",
      common,
      field.choices.map((choice) => h("option", { value: choice }, words(choice))),
    );
  return h("input", { ...common, type: field.type || "text", value: field.value || "", autocomplete: "off" });
}

/* Asks in a dialog, and does `work` with what was filled in while it stands there: what goes wrong is said in it, and
 * nothing that was typed is lost. Gives what came of the work, or null when it was left. */
export function ask(title, body, fields, yes, work = (filled) => filled) {
  const dialog = document.getElementById("ask");
  const wrong = h("p", { className: "bad", role: "alert" });
  let outcome = null;
  const busy = () => dialog.ariaBusy === "true";
  const onsubmit = async (event) => {
    event.preventDefault();
    if (busy()) return;
    dialog.ariaBusy = "true";
    wrong.textContent = "";
    try {
      outcome = await work(Object.fromEntries(new FormData(event.target)));
      dialog.close();
    } catch (problem) {
      wrong.textContent = sentence(problem);
    }
    dialog.ariaBusy = "false";
  };
  const leave = () => {
    if (!busy()) dialog.close();
  };
  return new Promise((done) => {
    dialog.oncancel = (event) => {
      if (busy()) event.preventDefault();
    };
    dialog.onclose = () => done(outcome);
    dialog.replaceChildren(
      h(
        "form",
        { onsubmit },
        h("h2", { id: "asked" }, title),
        h("div", { className: "scrolls" }, body),
        fields.map((field, n) => h("label", {}, field.label, input(field, n === 0))),
        wrong,
        h("p", { className: "buttons" }, button("Leave it", leave), h("button", { className: "main" }, yes)),
      ),
    );
    dialog.showModal();
  });
}
