// Words of the page in the language in force, from the same catalogue as the library's messages.

let words = {};

/** @param {Record<string, string>} table */
export function setWords(table) {
  words = table;
}

/**
 * The words of a key, with its {placeholders} filled in.
 * @param {string} key
 * @param {Record<string, unknown>} [values]
 */
export function t(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
