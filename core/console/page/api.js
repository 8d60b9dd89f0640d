/* api - what the console asks of /v1, with the token of who signed in.
 *
 * The token is kept in the tab's own session and goes with it. When it counts
 * no more, whatever was asked, the document hears `refused`. An act has a key
 * of its own, so that a click that is sent twice is done once; one that takes
 * long is asked after until it has come to its end. */

const KEPT = "muster.token";
const PATIENCE = 20; // s in which an act is waited for with each question
const ABSENCE = 60; // times, each after 2 s, that the end of an act is asked for while nobody answers
const SILENCE = 40; // s: of a stream that lives something is heard each 15 s

let holder = null; // whose token it is: { name, role, may }

export const token = () => sessionStorage.getItem(KEPT);
export const signIn = (text) => sessionStorage.setItem(KEPT, text.trim());
export function signOut() {
  sessionStorage.removeItem(KEPT);
  holder = null;
}

/* A problem document as an error: `message` is its sentence, `next` what to do, `place` what it is about. */
export class Problem extends Error {
  constructor(status, said) {
    super(said.detail || said.title || `the answer is ${status}`);
    this.status = status;
    this.next = said.next || "";
    this.place = said.place || "";
  }
}

/* Nobody is there, or who stands before musterd says so. */
export const isAway = (problem) => problem instanceof Problem && (problem.status === 0 || problem.status >= 502);

const part = encodeURIComponent;

export function organizationPath(organization, ...rest) {
  return ["organizations", organization, ...rest].map(part).join("/");
}

async function send(path, how = {}) {
  const headers = { Authorization: `Bearer ${token()}`, ...how.headers };
  let reply;
  try {
    reply = await fetch(`/v1/${path}`, { ...how, headers });
  } catch (fault) {
    if (how.signal?.aborted) throw fault;
    throw new Problem(0, { detail: "musterd does not answer.", next: "See whether it runs, and try again." });
  }
  if (reply.ok) return reply;
  const problem = new Problem(reply.status, await reply.json().catch(() => ({})));
  if (problem.status === 401) document.dispatchEvent(new CustomEvent("refused", { detail: problem }));
  throw problem;
}

async function ask(path, how) {
  const reply = await send(path, how);
  return { said: await reply.json().catch(() => ({})), status: reply.status };
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

export async function get(path, parameters = {}) {
  return (await ask(path + query(parameters))).said;
}

/* --- who is signed in --- */

export async function whoAmI() {
  return (holder ??= await get("token"));
}

/* Whether the token may do it: what it may not is not offered. */
export const may = (act) => Boolean(holder?.may.includes(act));

/* --- lists --- */

/* One page of a list: { items, next }. A page without an item that has a next is gone over. */
async function page(path, parameters) {
  let found = await get(path, parameters);
  while (found.items.length === 0 && found.next) found = await get(path, { ...parameters, cursor: found.next });
  return found;
}

/* So many pages from the beginning of a list, as one. */
export async function pages(path, parameters, depth) {
  const items = [];
  let next;
  for (let nth = 0; nth < depth; nth++) {
    const found = await page(path, { ...parameters, cursor: next });
    items.push(...found.items);
    if (!(next = found.next)) break;
  }
  return { items, next };
}

/* --- acts --- */

const later = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

/* The act goes on whether or not somebody asks. */
async function endOf(said) {
  for (let away = 0; ;) {
    try {
      const found = await ask(`acts/${part(said.act)}${query({ wait: PATIENCE })}`);
      if (found.status !== 202) return found.said;
      away = 0;
    } catch (problem) {
      if (!isAway(problem) || ++away > ABSENCE) throw problem;
      await later(2);
    }
  }
}

/* Has something done, and waits for its end. The answer: { status, results, messages }. `attempt` is kept by who may
 * try the same again: where it is not known whether it was done, it is not done twice. */
export async function act(path, body, attempt = {}) {
  const text = JSON.stringify(body);
  if (attempt.text !== text) Object.assign(attempt, { text, key: crypto.randomUUID() });
  try {
    const { said, status } = await ask(path + query({ wait: PATIENCE }), {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": attempt.key },
      body: text,
    });
    return status === 202 ? await endOf(said) : said;
  } catch (problem) {
    if (!isAway(problem)) attempt.text = null;
    throw problem;
  }
}

/* --- events --- */

/* Server-sent events, as they come, until `signal` ends it, or nothing is heard any more. */
export async function* events(organization, signal, opened) {
  const silent = new AbortController();
  let timer;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silent.abort(), SILENCE * 1000);
  };
  try {
    heard();
    const reply = await send(organizationPath(organization, "events"), {
      signal: AbortSignal.any([signal, silent.signal]),
    });
    opened();
    let text = "";
    for (const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      text += value;
      const whole = text.split("\n\n");
      text = whole.pop();
      for (const block of whole) {
        const lines = block.split("\n").map((line) => /^(\w+): ?(.*)$/.exec(line));
        const line = (name) => lines.find((found) => found?.[1] === name)?.[2];
        if (line("event")) yield { name: line("event"), data: JSON.parse(line("data") || "{}") };
      }
    }
  } finally {
    clearTimeout(timer);
  }
}
