// What is shown, held in the fragment of the address: a link is a view.

const KEYS = ["model", "compare", "view", "text", "pair", "part", "layer", "head", "form", "hide", "lang", "scheme"];
let held = {};
const listeners = new Set();

/** Reads the address. */
export function readState() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  held = Object.fromEntries(KEYS.filter((key) => fragment.has(key)).map((key) => [key, fragment.get(key)]));
  return held;
}

export const stateNow = () => held;

export const languageNow = () => held.lang;

/**
 * Changes what is shown. A change that is not `quiet` draws the page again and can be gone back from.
 * @param {Record<string, string | null>} changes null removes
 */
export function setState(changes, quiet = false) {
  const before = new URLSearchParams(held).toString();
  held = { ...held, ...changes };
  for (const key of Object.keys(held)) if (held[key] === null || held[key] === undefined || held[key] === "") delete held[key];
  const after = new URLSearchParams(held).toString();
  if (after === before) return;
  history[quiet ? "replaceState" : "pushState"](null, "", "#" + after);
  if (!quiet) for (const listener of listeners) listener(changes);
}

/** Calls a function after each change, by the page or by the browser's buttons. */
export function onState(listener) {
  if (!listeners.size) window.addEventListener("popstate", () => {
    readState();
    for (const each of listeners) each(null);
  });
  listeners.add(listener);
}
