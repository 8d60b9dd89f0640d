/* console - muster in a browser, for who looks after organizations: which page is meant, who is signed in, and what
 * happens meanwhile. All it knows it has from /v1; what the token may not do is refused there. */
import { events, get, organizationPath, signIn, signOut, token } from "./api.js";
import { button, h, inZone, link, say, sayProblem } from "./dom.js";
import { showOrganization, showOrganizations } from "./organization.js";
import { showInbox } from "./inbox.js";
import { showPeople, showPerson } from "./people.js";
import { showStatements } from "./statements.js";
import { showPlan, showPlans, showRun, showRuns } from "./runs.js";

const ROOMS = { inbox: "What waits", people: "People", runs: "Runs", plans: "Plans", statements: "Decisions" };
const PAGES = {
  inbox: showInbox,
  people: (context) => (context.rest.length ? showPerson : showPeople)(context),
  runs: (context) => (context.rest.length ? showRun : showRuns)(context),
  plans: (context) => (context.rest.length ? showPlan : showPlans)(context),
  statements: showStatements,
};

/* #/acme/people/id:12?text=… */
function where() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [organization, room, ...rest] = path.split("/").filter(Boolean).map(decodeURIComponent);
  return { organization, room, rest, parameters: new URLSearchParams(query) };
}

function head({ organization, room }) {
  const rooms = Object.entries(ROOMS).map(([name, title]) =>
    Object.assign(link([organization || "", name], title), { ariaCurrent: name === room ? "page" : null }),
  );
  const leave = () => {
    signOut();
    show();
  };
  const links = [h("a", { href: "#/", className: "home" }, "muster")];
  if (organization) links.push(link([organization], organization), ...rooms);
  if (token()) links.push(button("Sign out", leave));
  document.getElementById("head").replaceChildren(...links);
}

function signInPage() {
  const input = h("input", { type: "password", required: true, autocomplete: "off", spellcheck: false });
  const onsubmit = (event) => {
    event.preventDefault();
    signIn(input.value);
    say("");
    show();
  };
  return [
    h("h1", {}, "Sign in"),
    h(
      "form",
      { onsubmit },
      h("label", {}, "Token", input),
      h("p", { className: "buttons" }, h("button", { className: "main" }, "Sign in")),
    ),
    h(
      "p",
      {},
      "An administrator makes one: ",
      h("code", {}, "muster token create NAME --role operator"),
      ". It is kept in this tab only.",
    ),
  ];
}

const zones = new Map();

async function zoneOf(organization) {
  if (!zones.has(organization))
    zones.set(organization, (await get(`${organizationPath(organization)}/status`)).time_zone);
  return zones.get(organization);
}

let shown = 0; // pages that were begun: an answer that comes late is of none

async function show() {
  const mine = ++shown;
  const context = { ...where(), again: show };
  const main = document.getElementById("main");
  head(context);
  document.title = [context.room && ROOMS[context.room], context.organization, "muster"].filter(Boolean).join(" · ");
  follow(token() && context.organization);
  if (!token()) return main.replaceChildren(...signInPage());
  const page = !context.organization ? showOrganizations : !context.room ? showOrganization : PAGES[context.room];
  main.ariaBusy = "true";
  try {
    if (!page) throw new Error("There is no such page.");
    inZone(context.organization && (await zoneOf(context.organization)));
    const made = h("div", {}, await page(context));
    if (mine === shown) main.replaceChildren(...made.childNodes);
  } catch (problem) {
    if (mine !== shown) return;
    if (problem.status === 401) signOut();
    sayProblem(problem);
    main.replaceChildren(...(token() ? [] : signInPage()));
    if (!token()) head(context);
  } finally {
    main.ariaBusy = "false";
  }
}

/* --- what happens meanwhile --- */

let followed = null,
  stop = null,
  soon = 0;

/* The organization's own page is shown anew soon after something has changed; others stay as they are read. */
function refresh() {
  clearTimeout(soon);
  soon = setTimeout(() => {
    if (!where().room && !document.getElementById("ask").open) show();
  }, 300);
}

function progress({ connection, read }) {
  const place = document.getElementById("progress");
  if (place) place.textContent = read === undefined ? "" : `${connection}: ${read} read …`;
}

async function follow(organization) {
  if (followed === organization) return;
  stop?.abort();
  followed = organization;
  if (!organization) return;
  const mine = (stop = new AbortController());
  while (!mine.signal.aborted) {
    try {
      for await (const { name, data } of events(organization, mine.signal)) {
        if (name === "run.progress") progress(data);
        else refresh();
      }
    } catch {
      /* it is asked for again below */
    }
    await new Promise((done) => setTimeout(done, 5000));
  }
}

/* What was said is about the page that is left. */
document.addEventListener("click", (event) => event.target.closest("a") && say(""));
window.addEventListener("hashchange", show);
show();
