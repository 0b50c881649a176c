// A text as tokens: underlined in the text, and as a table.
import { foreign, h, python, table, visible } from "./dom.js";
import { t } from "./words.js";

const MOST_ROWS = 256;

/**
 * Tokens of one tokenizer.
 * @param {any} data of the route /tokens, or of a look
 * @param {Set<string> | null} [others] spans of another tokenizer, to mark where the two differ
 */
export function textView(data, others = null) {
  const limit = data.max_tokens, count = data.count ?? data.tokens.length;
  const over = limit !== null && limit !== undefined && count > limit;
  const rows = data.tokens.slice(0, MOST_ROWS).map((token) => [
    String(token.index), foreign(token.token), String(token.id), token.special ? "" : `${token.start}-${token.end}`,
    foreign(token.piece), token.special ? t("text.special") : others && !others.has(spanOf(token)) ? t("text.differs") : "",
  ]);
  return [
    h("p", {}, limit ? t("text.count_of", { count, limit }) : t("text.count", { count }), over ? " " + t("text.over") : "", data.cut ? " " + data.cut : ""),
    h("div.running", { lang: "" }, spans(data, data.text, 0, others)),
    data.pair && h("div.running", { lang: "" }, spans(data, data.pair, 1, others)),
    (data.notes ?? []).map((note) => h("p.quiet", {}, foreign(note, 500))),
    table(t("text.table"), ["#", t("token"), "id", t("text.span"), t("text.piece"), t("text.kind")], rows, { right: [0, 2, 3], head: 1 }),
    data.tokens.length > MOST_ROWS && h("p.quiet", {}, t("more", { count: count - MOST_ROWS })),
    python(data.code),
  ];
}

/** A token's place, to compare two tokenizers by. */
export const spanOf = (token) => `${token.sequence}:${token.start}-${token.end}`;

function spans(data, text, sequence, others) {
  // Spans count characters; a string of the browser counts UTF-16 units.
  const characters = [...text];
  const pieces = [];
  let at = 0, number = 0;
  for (const token of data.tokens) {
    if (token.special || token.sequence !== sequence || token.end <= at) continue;
    const start = Math.max(token.start, at);
    if (start > at) pieces.push(plain(characters, at, start, data, sequence));
    const differs = others !== null && !others.has(spanOf(token));
    const beyond = sequence === 0 && data.cut_at !== null && data.cut_at !== undefined && token.start >= data.cut_at;
    pieces.push(h(`span.token${number % 2 ? ".odd" : ""}${differs ? ".differs" : ""}${beyond ? ".beyond" : ""}`,
      { title: `${visible(token.token)} · ${token.id}` }, visible(characters.slice(start, token.end).join(""), 400)));
    at = token.end;
    number += 1;
  }
  if (at < characters.length) pieces.push(plain(characters, at, characters.length, data, sequence));
  return pieces;
}

function plain(characters, start, end, data, sequence) {
  const beyond = sequence === 0 && data.cut_at !== null && data.cut_at !== undefined && start >= data.cut_at;
  return h(beyond ? "span.beyond" : "span", {}, visible(characters.slice(start, Math.min(end, start + 4000)).join(""), 4000));
}
