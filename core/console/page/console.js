/* console - muster in a browser, for who looks after organizations: which page is meant, who is signed in, and what
 * happens meanwhile. All it knows it has from /v1; what the token may not do is not offered, and is refused there. */
import { get, isAway, organizationPath, signIn, signOut, token, whoAmI } from "./api.js";
import { isDoing } from "./acts.js";
import { button, counted, h, inZone, link, say, sayProblem } from "./dom.js";
import { follow } from "./follow.js";
import { showCalls, showFiles } from "./files.js";
import { showInbox } from "./inbox.js";
import { showOrganization, showOrganizations } from "./organization.js";
import { showPeople, showPerson } from "./people.js";
import { renewChildren } from "./renew.js";
import { showPlan, showPlans, showRun, showRuns } from "./runs.js";
import { showStatements } from "./statements.js";

const ROOMS = {
  inbox: "What waits",
  people: "People",
  runs: "Runs",
  files: "Files",
  calls: "Calls",
  plans: "Plans",
  statements: "Decisions",
};
const PAGES = {
  inbox: showInbox,
  people: (context) => (context.rest.length ? showPerson : showPeople)(context),
  runs: (context) => (context.rest.length ? showRun : showRuns)(context),
  files: showFiles,
  calls: showCalls,
  plans: (context) => (context.rest.length ? showPlan : showPlans)(context),
  statements: showStatements,
};

const place = (id) => document.getElementById(id);

/* #/acme/people/id:12?text=… */
function where() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [organization, room, ...rest] = path.split("/").filter(Boolean).map(decodeURIComponent);
  return { organization, room, rest, parameters: new URLSearchParams(query) };
}

/* --- what is kept of a page while somebody comes back to it: how far a list was read, where it was scrolled to --- */

const visits = new Map();
history.scrollRestoration = "manual";

function visit() {
  const id = history.state?.id || crypto.randomUUID();
  if (!history.state?.id) history.replaceState({ id }, "");
  if (visits.get(id)?.hash !== location.hash) visits.set(id, { hash: location.hash, depth: 1, scroll: 0 });
  return visits.get(id);
}

/* --- who is signed in --- */

function head({ organization, room }, who) {
  const rooms = Object.entries(ROOMS).map(([name, title]) =>
    Object.assign(link([organization || "", name], title), { ariaCurrent: name === room ? "page" : null }),
  );
  const leave = () => {
    signOut();
    show();
  };
  const links = [h("a", { href: "#/", className: "home" }, "muster")];
  if (organization && who) links.push(link([organization], organization), ...rooms);
  const signedIn = who && [
    h("span", { className: "who", title: "Whose token it is, and what it lets them do" }, `${who.name}, ${who.role}`),
    button("Sign out", leave),
  ];
  renewChildren(place("head"), h("header", {}, h("nav", { ariaLabel: "Pages" }, links), signedIn));
}

function signInPage() {
  const input = h("input", {
    type: "password",
    required: true,
    autocomplete: "off",
    spellcheck: false,
    autofocus: true,
  });
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

document.addEventListener("refused", ({ detail: problem }) => {
  signOut();
  place("ask").close();
  show();
  sayProblem(problem);
});

/* --- the page --- */

const LASTS = 10 * 60 * 1000; // ms: what is known of an organization
const known = new Map();

/* Its zone, how far back its history is whole, and whether there is anything of it yet. */
async function knownOf(organization) {
  const before = known.get(organization);
  if (before && Date.now() - before.read < LASTS) return before;
  const { time_zone, horizon, people, connections } = await get(`${organizationPath(organization)}/status`);
  const fetched = Boolean(people) || connections.some((one) => one.run);
  const now = { time_zone, horizon, fetched, read: Date.now() };
  if (fetched) known.set(organization, now);
  return now;
}

let shown = 0; // pages that were begun: an answer that comes late is of none
let stands = null; // the visit whose page is in the window
let coming = false; // another page is being read
let retry = null; // of one that nobody answered

function put(made, here) {
  const main = place("main");
  place("ask").close(); // it is about the page that is left
  if (stands) stands.scroll = window.scrollY;
  stands = here;
  main.replaceChildren(...made.childNodes);
  window.scrollTo(0, here?.scroll || 0);
  const first = main.querySelector("[autofocus]") || (shown > 1 && main.querySelector("h1"));
  if (first) {
    if (first.tagName === "H1") first.tabIndex = -1;
    first.focus({ preventScroll: true });
  }
}

/* What was ticked, typed, opened or scrolled stays so. */
function renew(made) {
  const main = place("main");
  const focused = main.contains(document.activeElement) && document.activeElement;
  const ticked = [...main.querySelectorAll("td input:checked")];
  for (const title of made.querySelectorAll("h1")) title.tabIndex = -1;
  renewChildren(main, made);
  if (focused && !focused.isConnected) main.querySelector("h1")?.focus({ preventScroll: true });
  const gone = ticked.filter((box) => !box.isConnected).length;
  if (gone > 0 && !isDoing())
    say(`${counted(gone, "line")} of those that you had ticked no longer wait: somebody has decided.`, "waits");
}

async function pageOf(context) {
  const { organization, room } = context;
  const page = !organization ? showOrganizations : !room ? showOrganization : PAGES[room];
  if (!page) throw new Error("There is no such page.");
  if (organization) {
    const { time_zone, horizon, fetched } = await knownOf(organization);
    inZone(time_zone);
    context.horizon = horizon;
    if (room && !fetched) return h("div", {}, h("h1", {}, ROOMS[room]), h("p", {}, "Nothing was fetched yet."));
  } else {
    inZone();
  }
  return h("div", {}, await page(context));
}

/* Shows the page that is meant; where it stands there already, what is new of it. */
async function show() {
  const mine = ++shown;
  const here = visit();
  const context = { ...where(), kept: here, again: show };
  const anew = here === stands;
  document.title = [ROOMS[context.room], context.organization, "muster"].filter(Boolean).join(" · ");
  coming = !anew;
  try {
    const who = token() && (await whoAmI());
    if (mine !== shown) return;
    head(context, who);
    follow(who ? context.organization : null, listener);
    if (!who) return put(h("div", {}, signInPage()), null);
    if (!anew) place("main").ariaBusy = "true";
    const made = await pageOf(context);
    if (mine !== shown) return;
    if (anew) renew(made);
    else put(made, here);
    nobodyIsAway();
  } catch (problem) {
    if (mine === shown) failed(problem, anew);
  } finally {
    if (mine === shown) {
      coming = false;
      place("main").ariaBusy = "false";
    }
  }
}

function failed(problem, anew) {
  if (problem.status === 401) return; // `refused` was heard
  if (isAway(problem)) {
    somebodyIsAway();
    clearTimeout(retry);
    retry = setTimeout(show, 3000);
  } else {
    sayProblem(problem);
  }
  if (anew) return;
  put(h("div", {}), null);
  if (problem.status === 404) follow(null);
}

/* --- what happens meanwhile --- */

let since = null; // when nobody answered any more

function somebodyIsAway() {
  since ??= new Date();
  const time = since.toLocaleTimeString("sv-SE", { timeStyle: "short" });
  place("away").textContent =
    `musterd does not answer since ${time}. What stands here is as it was then; it is asked again until it answers.`;
}

function nobodyIsAway() {
  if (!since) return;
  since = null;
  place("away").textContent = "";
  say("musterd answers again.", "good");
}

const SOON = 300; // ms after which the page follows
const SHARE = 4; // times as long as it took is waited, at least, until it is read again: musterd has others to answer
const LONGEST = 30 * 1000;

let timer = null;
let again = false; // something has happened since the page was read
let took = 0;

function happened() {
  again = true;
  timer ??= setTimeout(
    async () => {
      again = false;
      const began = performance.now();
      if (coming) again = true;
      else if (token()) await show();
      took = performance.now() - began;
      timer = null;
      if (again) happened();
    },
    Math.min(Math.max(SOON, SHARE * took), LONGEST),
  );
}

function progress({ connection, read }) {
  const line = place("progress");
  if (line) line.textContent = read === undefined ? "" : `${connection}: ${counted(read, "record")} read …`;
}

const listener = {
  heard: ({ name, data }) => (name === "run.progress" ? progress(data) : happened()),
  there: () => {
    nobodyIsAway();
    happened();
  },
  away: somebodyIsAway,
};

/* What was said is about the page that is left. */
document.addEventListener("click", (event) => event.target.closest("a") && say(""));
window.addEventListener("hashchange", show);
show();
