/* follow - what happens in the organization that is looked at, as musterd tells it, and whether it does.
 *
 * A tab that nobody sees lets go of its stream, for a browser has few of them for all its tabs; when it is seen again
 * it has missed something. */
import { events } from "./api.js";

const AGAIN = [0.5, 1, 2, 5, 10]; // s after which a stream that was cut is asked for again

let followed = null; // the organization
let told = null; // { heard(event), there(): it is followed from now on, away(): nobody answers }
let stop = null;

function wait(seconds, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, seconds * 1000);
    signal.addEventListener("abort", () => done(clearTimeout(timer)), { once: true });
  });
}

/* Until it is stopped, or the token does not see it. */
async function keepOn(organization, signal) {
  for (let tries = 0; !signal.aborted; tries++) {
    let open = false;
    try {
      const opened = () => {
        open = true;
        tries = 0;
        told.there();
      };
      for await (const event of events(organization, signal, opened)) told.heard(event);
    } catch (problem) {
      if (signal.aborted || [401, 403, 404].includes(problem.status)) return;
      if (!open) told.away();
    }
    await wait(AGAIN[Math.min(tries, AGAIN.length - 1)], signal);
  }
}

function begin() {
  stop?.abort();
  stop = null;
  if (!followed || document.hidden) return;
  stop = new AbortController();
  keepOn(followed, stop.signal);
}

export function follow(organization, listener) {
  told = listener;
  if (followed === organization) return;
  followed = organization;
  begin();
}

document.addEventListener("visibilitychange", begin);
window.addEventListener("online", begin);
