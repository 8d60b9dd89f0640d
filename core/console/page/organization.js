/* organization - how each connection of an organization is doing, what goes on, and what is next. */
import { get, organizationPath } from "./api.js";
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
      button("Resume", async () => {
        if (await doNow(`${path}/resume`, one.connection ? { connection: one.connection } : {}, "Resuming …")) again();
      }),
    ),
  );
}

/* What can be done with all of it, or with one connection. */
function doings(organization, connection, again) {
  const path = organizationPath(organization);
  const about = connection ? { connections: [connection] } : {};
  const one = connection ? { connection } : {};
  const whom = connection || "all";
  return [
    button(connection ? "Sync" : "Sync all", async () => {
      await doNow(`${path}/sync`, about, `Syncing ${whom} …`);
      again();
    }),
    connection &&
      button("Plan", async () => {
        const made = await doNow(`${path}/plans`, one, `Planning ${whom} …`);
        const number = made?.results.at(-1)?.plan;
        if (number) location.hash = `#/${organization}/plans/${number}`;
      }),
    button("Pause", async () => {
      const how = { title: `Pause ${whom}?`, yes: "Pause", tries: false, fields: [UNTIL] };
      if (await doAsked(`${path}/pause`, one, how)) again();
    }),
  ];
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
    status.quarantine.map((one) => [text(one), " ", button("Try at once", () => release(one)), " "]),
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

export async function showOrganization({ organization, again }) {
  const path = organizationPath(organization);
  const status = await get(`${path}/status`);
  const people = Object.entries(status.people).map(([state, count]) => `${number(count)} ${words(state)}`);
  return [
    h("h1", {}, status.name || organization),
    stateOf(status),
    waitingOf(organization, status),
    setAside(path, status, again),
    pausesOf(path, status, again),
    h("p", {}, link([organization, "people"], people.join(", ") || "Nobody yet")),
    section(
      "Connections",
      table(status.connections, [
        ["Connection", (one) => one.connection],
        [
          "Last run",
          (one) => one.run && [link([organization, "runs", String(one.run)], `${one.run}`), " ", when(one.started)],
        ],
        ["Outcome", (one) => one.outcome && badge(one.outcome)],
        ["Last good", (one) => when(one.good)],
        ["Records", (one) => some(one.population), "number"],
        ["Held", (one) => some(one.held), "number"],
        ["Reviews", (one) => some(one.reviews), "number"],
        ["Dead", (one) => some(one.dead_letters), "number"],
        ["Next", nextOf],
        ["", (one) => h("span", { className: "buttons" }, doings(organization, one.connection, again))],
      ]),
      reasonsOf(status),
      h(
        "p",
        { className: "buttons" },
        doings(organization, null, again),
        button("Stop what runs", () => doNow(`${path}/cancel`, {}, "Stopping …")),
      ),
      h("p", { id: "progress" }),
    ),
  ];
}

const AT_ONCE = 4; // organizations that are asked after together: each answer is work for musterd

/* How each is doing comes by and by, until the page is left. */
async function fill(rows) {
  for (let row; (row = rows.shift()) && row.state.isConnected;) {
    try {
      const status = await get(`${organizationPath(row.id)}/status`);
      inZone(status.time_zone);
      row.name.textContent = status.name || row.id;
      row.state.append(...stateOf(status).childNodes);
      row.state.className = status.status === 0 ? "good" : "waits";
      row.waiting.append(waitingOf(row.id, status) || "");
    } catch (problem) {
      row.state.append(problem.message);
      row.state.className = "bad";
    }
  }
}

export async function showOrganizations() {
  const { items } = await get("organizations");
  const rows = items.map(({ id }) => ({ id, name: link([id], id), state: h("span"), waiting: h("span") }));
  setTimeout(() => {
    const left = [...rows];
    for (let n = 0; n < AT_ONCE; n++) fill(left);
  });
  return [
    h("h1", {}, "Organizations"),
    table(rows, [
      ["Organization", (row) => row.name],
      ["State", (row) => row.state],
      ["Waiting", (row) => row.waiting],
    ]),
  ];
}
