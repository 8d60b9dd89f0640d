/* dom - pages out of what is known: elements, tables, texts of values, questions. Whatever comes from a source becomes
 * text, never markup. */

/* h("td", { className: "number" }, "12"): what is null or false among the children is left out. */
export function h(tag, attributes = {}, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

export const link = (to, ...text) => h("a", { href: `#/${to.map(encodeURIComponent).join("/")}` }, ...text);

export function button(text, onclick, className = "") {
  return h("button", { type: "button", onclick, className }, text);
}

/* [["Name", (row) => cell, "number"], …]; a column of which no row says anything is left out. */
export function table(rows, columns) {
  const cells = rows.map((row) => columns.map(([, cell]) => cell(row)));
  const said = columns.map((_, n) => cells.some((row) => row[n] !== "" && row[n] !== null && row[n] !== undefined));
  const shown = (list) => list.filter((_, n) => said[n]);
  const kind = shown(columns).map(([, , className]) => className || "");
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        shown(columns).map(([name], n) => h("th", { scope: "col", className: kind[n] }, name)),
      ),
    ),
    h(
      "tbody",
      {},
      cells.map((row) =>
        h(
          "tr",
          {},
          shown(row).map((cell, n) => h("td", { className: kind[n] }, cell ?? "")),
        ),
      ),
    ),
  );
}

export function section(title, ...children) {
  return h("section", {}, h("h2", {}, title), ...children);
}

/* --- values as people read them --- */

let zone, moment;

/* The zone of the organization that is looked at: the times are those of the people whom it is about. */
export function inZone(name) {
  zone = name || Intl.DateTimeFormat().resolvedOptions().timeZone;
  moment = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone: zone });
}
inZone();

export function when(text) {
  if (!text) return "";
  return h("time", { dateTime: text, title: `${text}, shown in ${zone}` }, moment.format(new Date(text)));
}

export const number = (count) => (count === undefined ? "" : count.toLocaleString("en").replaceAll(",", " "));
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

export function sayProblem(problem) {
  say([problem.message, problem.next].filter(Boolean).join(" "), "bad");
}

/* Asks in a dialog; gives what was filled in, or null. `fields`: { name, label, value, needed, choices }. */
export function ask(title, body, fields, yes) {
  const dialog = document.getElementById("ask");
  const inputs = fields.map((field) => {
    const common = { name: field.name, required: Boolean(field.needed) };
    const input = field.choices
      ? h(
          "select",
          common,
          field.choices.map((choice) => h("option", { value: choice }, words(choice))),
        )
      : h("input", { ...common, type: field.type || "text", value: field.value || "", autocomplete: "off" });
    return h("label", {}, field.label, input);
  });
  return new Promise((done) => {
    const form = h(
      "form",
      {
        method: "dialog",
        onsubmit: () => {
          dialog.onclose = null;
          done(Object.fromEntries(new FormData(form)));
        },
      },
      h("h2", {}, title),
      h("div", { className: "scrolls" }, body),
      inputs,
      h(
        "p",
        { className: "buttons" },
        button("Leave it", () => dialog.close()),
        h("button", { className: "main" }, yes),
      ),
    );
    dialog.onclose = () => done(null);
    dialog.replaceChildren(form);
    dialog.showModal();
  });
}
