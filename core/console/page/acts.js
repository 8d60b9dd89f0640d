/* acts - what a person has done: what can be tried is shown first, then the reason is asked for, then it is done. */
import { act } from "./api.js";
import { ask, counted, h, say, sayProblem, table, value, words } from "./dom.js";

const SEEN = 200; // changes that are shown before something is done

let doing = 0;

/* Whether something that was begun here is still done. */
export const isDoing = () => doing > 0;

/* What an act that was only tried would change, as rows. */
function changesOf(result) {
  if (result.taken_back) return result.taken_back.map((one) => ({ who: `id:${one.person}`, what: "back", ...one }));
  return [...(result.people || []), ...(result.others || [])].flatMap((one) =>
    (one.changes?.length ? one.changes : [{}]).map((change) => ({
      ...change,
      who: [one.number, one.name].filter(Boolean).join(" ") || `${one.kind || "id"} ${one.id}`,
      what: one.what,
    })),
  );
}

function changesTable(changes) {
  return table(changes.slice(0, SEEN), [
    ["Who", (one) => one.who],
    ["What", (one) => words(one.what)],
    ["Field", (one) => one.field && words(one.field)],
    ["From", (one) => one.field && value(one.from)],
    ["To", (one) => one.field && value(one.to)],
  ]);
}

export function preview(results) {
  const changes = results.flatMap(changesOf);
  if (changes.length === 0) return h("p", {}, "Nothing about anybody would change.");
  const more = changes.length > SEEN && h("p", {}, `… and ${counted(changes.length - SEEN, "change")} more.`);
  return [h("p", {}, `${counted(changes.length, "change")}:`), changesTable(changes), more];
}

const ENDS = { done: "Done.", partly: "Done in part: see what waits.", held: "Done; something waits for somebody." };

function told(answer) {
  if (answer.status === "failed") return say(answer.messages.join(" ") || "It failed: see the run.", "bad");
  say(
    [ENDS[answer.status] || answer.status, ...answer.messages].join(" "),
    answer.status === "done" ? "good" : "waits",
  );
}

async function perform(path, body, attempt) {
  doing++;
  try {
    const answer = await act(path, body, attempt);
    told(answer);
    return answer;
  } finally {
    doing--;
  }
}

/* Does it at once. What came of it, or null when it was refused. */
export async function doNow(path, body, saying) {
  say(saying);
  try {
    return await perform(path, body);
  } catch (problem) {
    sayProblem(problem);
    return null;
  }
}

const WHY = { name: "reason", label: "Why? It stays in the history.", needed: true };
const given = (filled) => Object.fromEntries(Object.entries(filled).filter(([, text]) => text !== ""));

async function tried(path, body) {
  const trial = await act(path, { reason: "looked at first", ...body, plan: true });
  return [preview(trial.results), trial.messages.map((message) => h("p", {}, message))];
}

/* Shows what would come of it, asks for the reason, does it. With `fields` they are asked for first; `whole` makes the
 * body of what was filled in. `tries` false: the API cannot try this. What came of it, or null. */
export async function doAsked(path, body, { title, yes, fields = [], tries = true, whole = (all) => all }) {
  const attempt = {};
  const does = (all) => perform(path, all, attempt);
  const filledIn = (filled) => whole({ ...body, ...given(filled) });
  say("");
  try {
    if (!tries) return await ask(title, [], [...fields, WHY], yes, (filled) => does(filledIn(filled)));
    if (fields.length === 0) {
      const trial = await tried(path, body);
      return await ask(title, trial, [WHY], yes, (filled) => does({ ...body, ...given(filled) }));
    }
    const looked = await ask(title, [], [...fields, WHY], "Look at it", async (filled) => {
      const all = filledIn(filled);
      return { all, trial: await tried(path, all) };
    });
    return looked && (await ask(title, looked.trial, [], yes, () => does(looked.all)));
  } catch (problem) {
    sayProblem(problem);
    return null;
  }
}
