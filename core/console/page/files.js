/* files - what came in as files, and what each gave; what was asked of the outside by HTTP, and what came of it. */
import { get, organizationPath, pages } from "./api.js";
import { badge, finder, h, link, more, number, section, select, some, table, when } from "./dom.js";

const PAGE = 200;

export const filesOf = (organization, connection) =>
  `#/${encodeURIComponent(organization)}/files?${new URLSearchParams(connection ? { connection } : {})}`;

/* As it reads best in a table: its own name; all of it for who points at it. */
const nameOf = ({ file }) => h("span", { title: file }, file.split("/").pop() || file);

const PUTS = { archived: "archived", removed: "removed" };

function taken(organization, items) {
  return table(
    items,
    [
      ["Run", (one) => link([organization, "runs", String(one.run)], String(one.run))],
      ["Taken", (one) => when(one.at)],
      ["Connection", (one) => one.connection],
      ["Partition", (one) => one.partition !== "main" && one.partition],
      ["File", nameOf],
      ["Changed there", (one) => when(one.changed)],
      ["Bytes", (one) => number(one.size), "number"],
      ["Rows", (one) => number(one.rows), "number"],
      ["Refused", (one) => some(one.refused), "number"],
      ["Created", (one) => some(one.created), "number"],
      ["Updated", (one) => some(one.updated), "number"],
      ["Missing", (one) => some(one.missing), "number"],
      ["Outcome", (one) => outcomeOf(organization, one)],
      ["Put", (one) => one.place || PUTS[one.put]],
      ["Digest", (one) => h("code", { title: one.sha256 }, (one.sha256 || "").slice(0, 12))],
    ],
    (one) => `${one.run} ${one.connection} ${one.stream} ${one.file}`,
  );
}

function outcomeOf(organization, one) {
  if (!one.outcome) return null;
  if (!one.overtaken_by) return badge(one.outcome);
  const by = String(one.overtaken_by);
  return [badge("held, overtaken", "held"), " by run ", link([organization, "runs", by], by)];
}

const left = (items) =>
  table(
    items,
    [
      ["Since", (one) => when(one.since)],
      ["Connection", (one) => one.connection],
      ["Partition", (one) => one.partition !== "main" && one.partition],
      ["File", nameOf],
      ["Bytes", (one) => number(one.size), "number"],
      ["Why it was not taken", (one) => one.reason],
    ],
    (one) => `${one.connection} ${one.stream} ${one.file}`,
  );

const namesOf = async (organization) =>
  (await get(organizationPath(organization, "connections"))).items.map(({ connection }) => [connection, connection]);

export async function showFiles({ organization, parameters, kept, again }) {
  const connection = parameters.get("connection") || "";
  const [names, found] = await Promise.all([
    namesOf(organization),
    pages(`${organizationPath(organization)}/files`, { limit: PAGE, connection }, kept.depth),
  ]);
  const [here, there] = [found.items.filter((one) => !one.taken), found.items.filter((one) => one.taken)];
  return [
    h("h1", {}, "Files"),
    finder(select("connection", [["", "all connections"], ...names], connection, "Connection"), "Show", (name) =>
      filesOf(organization, name),
    ),
    found.items.length === 0 && h("p", {}, "No file was taken yet."),
    here.length > 0 && section("Seen and not taken", left(here)),
    there.length > 0 && section("Taken", taken(organization, there)),
    there.length > 0 &&
      h(
        "p",
        { className: "faint" },
        "What was created and updated is told of the run: files that are read together share it.",
      ),
    more(found, { kept, again }),
  ];
}

/* --- calls --- */

function called(items) {
  return table(items, [
    ["When", (one) => when(one.at, true)],
    ["Method", (one) => one.method],
    ["URL", (one) => h("span", { className: "url" }, one.url, one.for && ` (${one.for})`)],
    ["Status", (one) => badge(String(one.status || one.class), one.class === "ok" ? "good" : "bad")],
    ["Sent", (one) => number(one.sent), "number"],
    ["Received", (one) => number(one.received), "number"],
    ["ms", (one) => number(one.ms), "number"],
    ["Tries", (one) => one.attempts > 1 && number(one.attempts), "number"],
    ["Why", (one) => one.why],
  ]);
}

export async function showCalls({ organization, rest: [chosen], kept, again }) {
  const names = await namesOf(organization);
  const connection = chosen || names[0]?.[0];
  if (!connection) return [h("h1", {}, "Calls"), h("p", {}, "There is no connection.")];
  const found = await pages(
    organizationPath(organization, "connections", connection, "calls"),
    { limit: PAGE },
    kept.depth,
  );
  return [
    h("h1", {}, "Calls"),
    finder(select("connection", names, connection, "Connection"), "Show", (name) =>
      ["#", organization, "calls", name].map((part) => (part === "#" ? part : encodeURIComponent(part))).join("/"),
    ),
    found.items.length === 0 && h("p", {}, `${connection} has called nothing by HTTP.`),
    found.items.length > 0 && called(found.items),
    more(found, { kept, again }),
  ];
}
