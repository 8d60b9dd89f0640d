/* runs - what was done, and how to take it back; plans: what would be done, and doing exactly that. */
import { get, may, organizationPath, pages } from "./api.js";
import { doAsked, doNow, preview } from "./acts.js";
import { filesOf } from "./files.js";
import { badge, button, h, link, more, number, section, some, table, value, when, words } from "./dom.js";

const COUNTS = ["read", "created", "updated", "unchanged", "missing", "deactivated", "reactivated", "linked"];
const WAITING = ["held", "reviews", "dead_letters", "drift"];

const columnsOf = (names, of) => names.map((name) => [words(name), (one) => some(of(one)?.[name]), "number"]);
const said = (report) =>
  (report.partitions || [])
    .map((one) => one.reason)
    .filter(Boolean)
    .join("; ");

const PAGE = 100;

/* How far back there is a report of each. */
export const bygone = (horizon) =>
  horizon && h("p", { className: "faint" }, `${horizon.sentence}. Of these is listed what is still needed.`);

export async function showRuns({ organization, horizon, kept, again }) {
  const found = await pages(`${organizationPath(organization)}/runs`, { limit: PAGE }, kept.depth);
  const told = ({ pushed }) =>
    ["created", "updated", "deactivated"].reduce((sum, name) => sum + (pushed?.[name] || 0), 0);
  return [
    h("h1", {}, "Runs"),
    found.items.length === 0 && h("p", {}, "Nothing was run yet."),
    table(
      found.items,
      [
        ["Run", (one) => link([organization, "runs", String(one.run)], String(one.run))],
        ["When", (one) => when(one.started)],
        ["What", (one) => one.connection || one.verb],
        ["By", (one) => one.author],
        ["Outcome", (one) => badge(one.outcome)],
        ...columnsOf(COUNTS, (one) => one),
        ...columnsOf(WAITING, (one) => one),
        ["told", (one) => some(told(one)), "number"],
      ],
      (one) => one.run,
    ),
    more(found, { kept, again }),
    !found.next && bygone(horizon),
  ];
}

export async function showRun({ organization, rest: [run], again }) {
  const path = organizationPath(organization, "runs", run);
  const report = await get(path);
  const counts = [...COUNTS, ...WAITING].filter((name) => report[name]);
  const told = Object.entries(report.pushed || {}).filter(([, count]) => count);
  const revert = async () => {
    const how = { title: `Take back what run ${run} brought?`, yes: "Revert" };
    if (await doAsked(`${path}/revert`, {}, how)) again();
  };
  return [
    h("h1", {}, `Run ${run} `, badge(report.outcome)),
    h(
      "p",
      {},
      when(report.started),
      `, ${report.connection || report.verb}`,
      report.author && `, by ${report.author}`,
      report.reason && `: ${report.reason}`,
    ),
    section(
      "Partitions",
      table(report.partitions || [], [
        ["Partition", (one) => one.name],
        ["Outcome", (one) => badge(one.outcome)],
        ["Claim", (one) => words(one.claim || "")],
        ["Why", (one) => one.reason],
      ]),
    ),
    section(
      "Counts",
      table(counts, [
        ["What", words],
        ["How many", (name) => number(report[name]), "number"],
      ]),
    ),
    told.length > 0 &&
      section(
        "Told",
        table(told, [
          ["What", ([name]) => words(name)],
          ["How many", ([, count]) => number(count), "number"],
        ]),
      ),
    report.files?.length > 0 &&
      section(
        "Files",
        h(
          "ul",
          {},
          report.files.map((file) => h("li", {}, file)),
        ),
        h("p", {}, h("a", { href: filesOf(organization, report.connection) }, "What each gave")),
      ),
    may("revert") && h("p", { className: "buttons" }, button("Revert …", revert)),
  ];
}

export async function showPlans({ organization, kept, again }) {
  const found = await pages(`${organizationPath(organization)}/plans`, { limit: PAGE }, kept.depth);
  const plans = found.items;
  return [
    h("h1", {}, "Plans"),
    plans.length === 0 &&
      h("p", {}, may("makePlan") ? "There is no plan. The organization's page makes one." : "There is no plan."),
    plans.length > 0 &&
      table(plans, [
        ["Plan", (one) => link([organization, "plans", String(one.plan)], String(one.plan))],
        ["Made", (one) => when(one.made)],
        ["Connection", (one) => one.connection],
        ["State", (one) => badge(one.state)],
        ["Until", (one) => when(one.expires)],
        ["Why", (one) => said(one.report || {})],
      ]),
    more(found, { kept, again }),
  ];
}

export async function showPlan({ organization, rest: [number], again }) {
  const path = organizationPath(organization, "plans", number);
  const plan = await get(path);
  const apply = async () => {
    if (await doNow(`${path}/apply`, {}, `Applying plan ${number} …`)) again();
  };
  return [
    h("h1", {}, `Plan ${number} of ${plan.connection} `, badge(plan.state)),
    h(
      "p",
      {},
      "Made ",
      when(plan.made),
      plan.state === "open" && [". Nothing of it is stored yet; it can be applied until ", when(plan.expires)],
      ".",
    ),
    said(plan.report) && h("p", { className: "state waits" }, said(plan.report)),
    section("What would change", preview([plan])),
    plan.waits?.length > 0 &&
      section(
        "What would wait for somebody",
        table(plan.waits, [
          ["Id", (one) => one.id],
          ["Record", (one) => one.record],
          ["Place", (one) => one.place],
          [
            "What is wrong",
            (one) => `${words(one.field || "")} ${one.text ? `“${value(one.text)}” ` : ""}${one.sentence || ""}`,
          ],
        ]),
      ),
    plan.state === "open" &&
      may("applyPlan") &&
      h("p", { className: "buttons" }, h("button", { className: "main", onclick: apply }, "Apply exactly this")),
  ];
}
