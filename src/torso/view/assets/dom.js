// Elements. Every text goes through text nodes: nothing that comes from a checkpoint is ever read as markup.
import { t } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes, listeners (on...) and children; a child that is null or false is left out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...any} children
 */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  return filled(element, attributes, children);
}

/** The same of SVG. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value);
    else if (["value", "checked", "selected", "indeterminate"].includes(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** Says a text to screen readers. */
export function announce(text) {
  const region = document.getElementById("live");
  if (region) region.textContent = text;
}

/** What cannot be seen of a token, made visible; long ones are cut, whole in the title. */
export function visible(text, most = 40) {
  const marks = { "\n": "⏎", "\t": "⇥", " ": "␣", "\u00a0": "⍽" };
  const shown = String(text)
    .replace(/^ +| +$|[\n\t\u00a0]/g, (found) => [...found].map((mark) => marks[mark] ?? mark).join(""))
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (mark) =>
      "\\u" + mark.charCodeAt(0).toString(16).padStart(4, "0"));
  return shown.length > most ? shown.slice(0, most - 1) + "…" : shown;
}

/** A text from outside, isolated from the direction of what stands around it. */
export function foreign(text, most = 40, attributes = {}) {
  const whole = String(text);
  return h("bdi", { ...(whole.length > most ? { title: visible(whole, 2000) } : {}), ...attributes }, visible(whole, most));
}

/** A value as config.json would write it. */
export function shownValue(value, most = 60) {
  return visible(value === undefined ? "" : JSON.stringify(value), most);
}

/**
 * A table in a region that can be scrolled by keyboard.
 * @param {string} caption
 * @param {any[]} headings
 * @param {any[][]} rows
 * @param {{right?: number[], head?: number, class?: string}} [options] columns of numbers; the column that names a row
 */
export function table(caption, headings, rows, options = {}) {
  const right = new Set(options.right ?? []);
  const cell = (value, column) =>
    column === options.head
      ? h("th", { scope: "row" }, value)
      : h("td", right.has(column) ? { class: "number" } : {}, value);
  return h(
    "div.scroll",
    { tabindex: "0", role: "group", "aria-label": caption },
    h(
      "table" + (options.class ? "." + options.class : ""),
      {},
      h("caption.hidden", {}, caption),
      h("thead", {}, h("tr", {}, headings.map((each, column) =>
        h("th", { scope: "col", class: right.has(column) ? "number" : null }, each)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell)))),
    ),
  );
}

/** The two lines of Python that give what a view shows. */
export function python(lines) {
  return code("Python", lines.join("\n"));
}

/** Something to be copied, under the name of its language. */
export function code(language, text) {
  const copy = h("button.quiet", { type: "button", onclick: () => {
    navigator.clipboard?.writeText(text).then(() => announce(t("copied")), () => {});
  } }, t("copy"));
  return h("figure.python", {}, h("figcaption", {}, language, copy),
    h("pre", { tabindex: "0" }, h("code", {}, text)));
}

/** An error of the library: what happened, where, and what cures it. */
export function failure(error) {
  const parts = error.parts ?? { what: String(error.message ?? error), where: "", cure: "", code: "" };
  return h("div.failure", { role: "alert" },
    h("p", {}, foreign(parts.what, 2000)),
    parts.where && h("p", {}, foreign(parts.where, 2000)),
    parts.cure && h("p", {}, h("b", {}, t("cure"), " "), foreign(parts.cure, 2000)),
    parts.code && h("p.quiet", {}, parts.code));
}

/** Fills a place with what a promise gives; meanwhile says that it works, and shows why it failed. */
export async function fill(place, promise) {
  place.setAttribute("aria-busy", "true");
  const waiting = setTimeout(() => place.replaceChildren(h("p.waiting", {}, t("working"))), 150);
  try {
    const made = await promise;
    clearTimeout(waiting);
    place.replaceChildren(...[made].flat(2).filter((each) => each));
  } catch (error) {
    clearTimeout(waiting);
    if (error.name !== "AbortError") place.replaceChildren(failure(error));
  }
  place.removeAttribute("aria-busy");
}

/** A number of bytes as people say it. */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count, unit = 0;
  while (value >= 999.5 && unit < units.length - 1) { value /= 1000; unit += 1; }
  return `${unit && value < 99.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** A share of 0 to 1 with a bar beside its number. */
export function bar(share, digits = 4) {
  return h("span.bar", {}, h("span.number", {}, share.toFixed(digits)),
    h("span.track", { "aria-hidden": "true" }, h("span.part", { style: { width: `${Math.max(0, Math.min(1, share)) * 100}%` } })));
}

/** A set of buttons of which one is pressed. */
export function choice(label, options, chosen, choose) {
  const group = h("div.choice", { role: "group", "aria-label": label });
  group.append(...options.map(([value, text]) => h("button", {
    type: "button", "aria-pressed": String(value === chosen),
    onclick: (event) => {
      for (const each of group.children) each.setAttribute("aria-pressed", String(each === event.currentTarget));
      choose(value);
    },
  }, text)));
  return group;
}
