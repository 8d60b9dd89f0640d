/* renew - what is shown becomes what a newer page says, part by part: what is the same stays where it is, with what is
 * typed, ticked, marked and scrolled in it, and who reads with a screen reader stays where they are.
 *
 * Parts that come and go among others have a key: data-key, an id, or data-name. What they do when they are used goes
 * along; so it must not hold parts of its own page, but look for them from where it was used. */

const USES = ["onclick", "onchange", "oninput", "onsubmit"];

function keyOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return "";
  const key = node.dataset.key ?? (node.id || node.dataset.name);
  return key === undefined ? "" : `${node.nodeName} ${key}`;
}

function renewAttributes(live, made) {
  for (const { name } of [...live.attributes]) if (!made.hasAttribute(name)) live.removeAttribute(name);
  for (const { name, value } of made.attributes) if (live.getAttribute(name) !== value) live.setAttribute(name, value);
  for (const use of USES) live[use] = made[use];
}

function renewNode(live, made) {
  if (live.nodeType !== Node.ELEMENT_NODE) {
    if (live.data !== made.data) live.data = made.data;
    return;
  }
  renewAttributes(live, made);
  renewChildren(live, made);
}

/* One without a key is the next such of its sort; between, those without a key have gone. */
function nextOf(at, made) {
  for (; at && !keyOf(at); at = at.nextSibling) if (at.nodeName === made.nodeName) return at;
  return null;
}

export function renewChildren(live, made) {
  const wanted = new Set([...made.childNodes].map(keyOf));
  const known = new Map([...live.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let at = live.firstChild;
  const drop = () => {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  };
  for (const next of [...made.childNodes]) {
    while (at && keyOf(at) && !wanted.has(keyOf(at))) drop();
    const found = keyOf(next) ? known.get(keyOf(next)) : nextOf(at, next);
    if (!found) {
      live.insertBefore(next, at);
      continue;
    }
    while (!keyOf(next) && at !== found) drop();
    if (found === at) at = at.nextSibling;
    else live.insertBefore(found, at);
    renewNode(found, next);
  }
  while (at) drop();
}
