/* organization - how each connection of an organization is doing, what goes on, and what is next. */
import { get, may, organizationPath } from "./api.js";
import { doAsked, doNow } from "./acts.js";
import { badge, button, counted, h, inZone, link, number, section, some, table, value, when, words } from "./dom.js";

const STATES = { 0: "All is well.", 3: "Not everything came through", 4: "Something waits for somebody" };

const nextOf = (connection) =>
  connection.next?.at ? [when(connection.next.at), ` ${words(connection.next.by)}`] : connection.next && "by hand only";

function stateOf(status) {
  const sentence = STATES[status.status] || "Something is wrong";
  return h(
    "p",
    { className: status.status === 0 ? "state good" : "state waits" },
    sentence,
    status.since && status.status !== 0 && [" since ", when(status.since), "."],
    status.leavers_as_of && [" Leavers are known as of ", when(status.leavers_as_of), "."],
  );
}

/* What a person can do nothing about here, but must know. */
function noticesOf(status) {
  const off = status.connections.flatMap((one) =>
    (one.safeguards_off || []).map((guard) => [
      `${one.connection}: the safeguard '${guard.safeguard}' is off until `,
      when(guard.until),
      guard.reason && `: ${guard.reason}`,
    ]),
  );
  const spared = status.connections
    .filter((one) => one.account_paused_until)
    .map((one) => [
      `${one.connection}: the system wants nobody to call with its account until `,
      when(one.account_paused_until),
    ]);
  const awaiting = (status.awaiting || []).map((one) => `${one.connection} is ${one.sentence}`);
  const refused = status.refused && `Every run is refused: ${status.refused}`;
  return [refused, ...awaiting, ...off, ...spared]
    .filter(Boolean)
    .map((line) => h("p", { className: "state waits" }, line));
}

function waitingOf(organization, status) {
  const sum = (name) => status.connections.reduce((all, one) => all + (one[name] || 0), 0);
  const lines = [
    [sum("held"), "held change"],
    [sum("reviews"), "review"],
    [sum("dead_letters"), "dead letter"],
    [sum("drift"), "changed column"],
  ].filter(([count]) => count > 0);
  if (lines.length === 0) return null;
  return h("p", {}, link([organization, "inbox"], lines.map(([count, what]) => counted(count, what)).join(", ")));
}

function pausesOf(path, status, again) {
  return status.paused.map((one) =>
    h(
      "p",
      { className: "state waits" },
      one.connection ? `${one.connection} is paused` : "The organization is paused",
      one.until && [" until ", value(one.until)],
      one.reason && `: ${one.reason}`,
      " ",
      may("resume") &&
        button(
          "Resume",
          async () => {
            const whom = one.connection ? { connection: one.connection } : {};
            if (await doNow(`${path}/resume`, whom, "Resuming …")) again();
          },
          `Resume ${one.connection || "all"}`,
        ),
    ),
  );
}

/* What can be done with all of it, or with one connection. */
function doings(organization, connection, again) {
  const path = organizationPath(organization);
  const about = connection ? { connections: [connection] } : {};
  const one = connection ? { connection } : {};
  const whom = connection || "all";
  const sync = async () => {
    await doNow(`${path}/sync`, about, `Syncing ${whom} …`);
    again();
  };
  const plan = async () => {
    const made = await doNow(`${path}/plans`, one, `Planning ${whom} …`);
    const number = made?.results.at(-1)?.plan;
    if (number) location.hash = `#/${organization}/plans/${number}`;
  };
  const pause = async () => {
    const how = { title: `Pause ${whom}?`, yes: "Pause", tries: false, fields: [UNTIL] };
    if (await doAsked(`${path}/pause`, one, how)) again();
  };
  const offered = [
    may("sync") && button(connection ? "Sync" : "Sync all", sync, `Sync ${whom}`),
    connection && may("makePlan") && button("Plan", plan, `Plan ${whom}`),
    may("pause") && button("Pause", pause, `Pause ${whom}`),
  ].filter(Boolean);
  return offered.length > 0 && h("span", { className: "buttons" }, offered);
}
const UNTIL = { name: "until", label: "Until which day? Empty: until it is resumed.", type: "date" };

function setAside(path, status, again) {
  if (status.quarantine.length === 0) return null;
  const release = async ({ connection, partition }) => {
    const to = `${path}/connections/${encodeURIComponent(connection)}/release`;
    await doNow(to, partition ? { partition } : {}, `Trying ${connection} …`);
    again();
  };
  const text = (one) => [one.connection, one.partition].filter(Boolean).join("/");
  return h(
    "p",
    { className: "state bad" },
    "Set aside because it failed again and again: ",
    status.quarantine.map((one) => [
      text(one),
      " ",
      may("release") && button("Try at once", () => release(one), `Try at once ${text(one)}`),
      " ",
    ]),
  );
}

/* Why what did not come through did not. */
function reasonsOf(status) {
  const reasons = status.connections.flatMap((one) =>
    (one.reasons || []).map(({ partition, reason }) => `${one.connection}/${partition}: ${reason}`),
  );
  const { process, commits } = status.reader || {};
  const reader =
    process &&
    `process ${process} looks at what was kept ${counted(commits, "commit")} ago: while it does, the store only grows`;
  const lines = [...reasons, reader].filter(Boolean);
  return (
    lines.length > 0 &&
    h(
      "ul",
      { className: "reasons" },
      lines.map((line) => h("li", {}, line)),
    )
  );
}

const MANY = 20; // connections, from which on one looks for some

const TROUBLE = ["failed", "cancelled", "held", "partial"];

/* Where there are many, those that came through come last, and how many of each there are is said. */
function inNeed(connections) {
  if (connections.length <= MANY) return connections;
  const need = (one) => (TROUBLE.includes(one.outcome) ? TROUBLE.indexOf(one.outcome) : TROUBLE.length);
  return connections.toSorted((one, other) => need(one) - need(other));
}

function outcomesOf(connections) {
  const of = Map.groupBy(connections, (one) => one.outcome || "never ran");
  return [...of].map(([outcome, those]) => `${number(those.length)} ${words(outcome)}`).join(", ");
}

/* Only rows are shown whose connection has this in its name, or in how it did. */
function connectionsFilter(kept) {
  const narrow = ({ currentTarget }) => {
    kept.filter = currentTarget.value.trim().toLowerCase();
    for (const row of document.querySelectorAll("#connections tbody tr")) row.hidden = !isWanted(row, kept);
  };
  const title = "Find a connection, or an outcome";
  return h("input", { type: "search", id: "filter", ariaLabel: title, placeholder: title, oninput: narrow });
}

const isWanted = (row, { filter }) =>
  !filter || [...row.cells].slice(0, 3).some((cell) => cell.textContent.toLowerCase().includes(filter));

function connectionsTable(organization, status, kept, again) {
  const made = table(
    inNeed(status.connections),
    [
      ["Connection", (one) => one.connection],
      [
        "Last run",
        (one) =>
          one.run ? [link([organization, "runs", String(one.run)], `${one.run}`), " ", when(one.started)] : "never",
      ],
      ["Outcome", (one) => one.outcome && badge(one.outcome)],
      ["Last good", (one) => when(one.good)],
      ["Records", (one) => some(one.population), "number"],
      ["Held", (one) => some(one.held), "number"],
      ["Reviews", (one) => some(one.reviews), "number"],
      ["Dead", (one) => some(one.dead_letters), "number"],
      ["Next", nextOf],
      ["Do", (one) => doings(organization, one.connection, again), "doings"],
    ],
    (one) => one.connection,
  );
  for (const row of made.querySelectorAll("tbody tr")) row.hidden = !isWanted(row, kept);
  return made;
}

export async function showOrganization({ organization, kept, again }) {
  const path = organizationPath(organization);
  const status = await get(`${path}/status`);
  const { connections } = status;
  const people = Object.entries(status.people || {}).map(([state, count]) => `${number(count)} ${words(state)}`);
  const ran = connections.some((one) => one.run);
  return [
    h("h1", {}, status.name || organization),
    ran ? stateOf(status) : h("p", { className: "state waits" }, "Nothing was fetched yet."),
    waitingOf(organization, status),
    setAside(path, status, again),
    pausesOf(path, status, again),
    noticesOf(status),
    h("p", {}, link([organization, "people"], people.join(", ") || "Nobody yet")),
    h(
      "section",
      { id: "connections" },
      h("h2", {}, "Connections"),
      connections.length > MANY && [h("p", {}, outcomesOf(connections)), h("p", {}, connectionsFilter(kept))],
      connectionsTable(organization, status, kept, again),
      reasonsOf(status),
      h(
        "p",
        { className: "buttons" },
        doings(organization, null, again),
        may("cancel") && button("Stop what runs", () => doNow(`${path}/cancel`, {}, "Stopping …")),
      ),
      h("p", { id: "progress" }),
    ),
  ];
}

/* --- all of them --- */

const AT_ONCE = 4; // organizations that are asked after together: each answer is work for musterd

/* What is said of one; nothing while it is not known. */
function lineOf(id, status) {
  if (!status) return { name: id };
  if (status instanceof Error) return { name: id, state: h("span", { className: "bad" }, status.message) };
  inZone(status.time_zone);
  const ran = status.connections.some((one) => one.run);
  const state = ran ? [...stateOf(status).childNodes] : "Nothing was fetched yet.";
  return {
    name: status.name || id,
    state: h("span", { className: ran && status.status === 0 ? "good" : "waits" }, state),
    waiting: waitingOf(id, status),
  };
}

const cell = (what, id, ...children) => h("div", { id: `${what} ${id}` }, ...children);

/* How each is doing comes by and by, until the page is left. */
async function fill(ids, states) {
  for (let id; (id = ids.shift()) && document.getElementById(`state ${id}`);) {
    states.set(id, await get(`${organizationPath(id)}/status`).catch((problem) => problem));
    const { name, state, waiting } = lineOf(id, states.get(id));
    const put = (what, ...said) => document.getElementById(`${what} ${id}`)?.replaceChildren(...said.filter(Boolean));
    put("name", link([id], name));
    put("state", state);
    put("waiting", waiting);
  }
}

export async function showOrganizations({ kept }) {
  const { items } = await get("organizations");
  if (items.length === 1) location.replace(`#/${encodeURIComponent(items[0].id)}`);
  const states = (kept.states ??= new Map());
  setTimeout(() => {
    const left = items.map(({ id }) => id);
    for (let n = 0; n < AT_ONCE; n++) fill(left, states);
  });
  const rows = items.map(({ id }) => ({ id, ...lineOf(id, states.get(id)) }));
  return [
    h("h1", {}, "Organizations"),
    items.length === 0 && h("p", {}, "There is no organization, or none that this token sees."),
    table(
      rows,
      [
        ["Organization", ({ id, name }) => cell("name", id, link([id], name))],
        ["State", ({ id, state }) => cell("state", id, state)],
        ["Waiting", ({ id, waiting }) => cell("waiting", id, waiting)],
      ],
      ({ id }) => id,
    ),
  ];
}
