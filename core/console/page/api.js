/* api - what the console asks of /v1, with the token of who signed in.
 *
 * The token is kept in the tab's own session and goes with it. An act has a key
 * of its own, so that a click that is sent twice is done once; one that takes
 * long is asked after until it has come to its end. */

const KEPT = "muster.token";
const PATIENCE = 20; // s in which an act is waited for with each question

export const token = () => sessionStorage.getItem(KEPT);
export const signIn = (text) => sessionStorage.setItem(KEPT, text.trim());
export const signOut = () => sessionStorage.removeItem(KEPT);

/* A problem document as an error: `message` is its sentence, `next` what to do, `place` what it is about. */
export class Problem extends Error {
  constructor(status, said) {
    super(said.detail || said.title || `the answer is ${status}`);
    this.status = status;
    this.next = said.next || "";
    this.place = said.place || "";
  }
}

const part = encodeURIComponent;

export function organizationPath(organization, ...rest) {
  return ["organizations", organization, ...rest].map(part).join("/");
}

async function ask(path, how = {}) {
  let reply;
  try {
    reply = await fetch(`/v1/${path}`, { ...how, headers: { Authorization: `Bearer ${token()}`, ...how.headers } });
  } catch {
    throw new Problem(0, { detail: "musterd does not answer.", next: "See whether it runs, and try again." });
  }
  const said = await reply.json().catch(() => ({}));
  if (!reply.ok) throw new Problem(reply.status, said);
  return { said, status: reply.status };
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

export async function get(path, parameters = {}) {
  return (await ask(path + query(parameters))).said;
}

/* One page of a list: { items, next }. A page without an item that has a next is gone over. */
export async function page(path, parameters = {}) {
  let found = await get(path, parameters);
  while (found.items.length === 0 && found.next) found = await get(path, { ...parameters, cursor: found.next });
  return found;
}

/* All of a list, at most so many. */
export async function list(path, most = 1000) {
  const items = [];
  for (let cursor; items.length < most;) {
    const found = await get(path, { limit: 200, cursor });
    items.push(...found.items);
    if (!(cursor = found.next)) break;
  }
  return items;
}

/* Has something done, and waits for its end. The answer: { status, results, messages }. */
export async function act(path, body) {
  let { said, status } = await ask(path + query({ wait: PATIENCE }), {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
    body: JSON.stringify(body),
  });
  while (status === 202) ({ said, status } = await ask(`acts/${part(said.act)}${query({ wait: PATIENCE })}`));
  return said;
}

/* Server-sent events, as they come, until `signal` ends it. */
export async function* events(organization, signal) {
  const reply = await fetch(`/v1/${organizationPath(organization, "events")}`, {
    headers: { Authorization: `Bearer ${token()}` },
    signal,
  });
  if (!reply.ok) return;
  let text = "";
  for (const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const whole = text.split("\n\n");
    text = whole.pop();
    for (const block of whole) {
      const lines = block.split("\n").map((line) => /^(\w+): ?(.*)$/.exec(line));
      const line = (name) => lines.find((found) => found?.[1] === name)?.[2];
      if (line("event")) yield { name: line("event"), data: JSON.parse(line("data") || "{}") };
    }
  }
}
