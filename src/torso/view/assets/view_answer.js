// What each head of the checkpoint says.
import { bar, foreign, h, python, table } from "./dom.js";
import { t } from "./words.js";

/** The view of one look. @param {import("./looks.js").Look} look */
export async function answerView(look) {
  const answers = await look.ask("answer");
  return answers.map((answer) => h("section.answer", {},
    h("h3", {}, t("head." + answer.task)),
    !answer.trained && h("p.failure", {}, t("answer.untrained")),
    (SHOWN[answer.kind] ?? (() => null))(answer.data),
    answer.code && python([answer.code])));
}

const scoresTable = (caption, rows) => table(caption, [t("answer.label"), t("answer.score")],
  rows.map(([name, score]) => [foreign(name, 60), bar(score)]), { head: 0 });

const SHOWN = {
  needs: (data) => h("p", {}, data.what),
  scores: (data) => scoresTable(t("answer.scores"), data.scores.map((each) => [each.label, each.score])),
  next: (data) => scoresTable(t("answer.next"), data.tokens.map((each) => [each.token, each.score])),
  text: (data) => h("blockquote", { lang: "" }, foreign(data.text, 4000)),
  masks: (data) => [h("p.running", { lang: "" }, foreign(data.text, 2000)), data.masks.map((proposals, index) =>
    scoresTable(t("answer.mask", { number: index + 1 }), proposals.map((each) => [each.token, each.score])))],
  answers: (data) => [labelled(data.passage, data.answers.slice(0, 1).map((each) => ({ ...each, label: "" }))),
    scoresTable(t("answer.answers"), data.answers.map((each) => [each.text, each.score]))],
  spans: (data) => [labelled(data.text, data.spans), table(t("answer.spans"), [t("text.piece"), t("answer.label"), t("text.span"), t("answer.score")],
    data.spans.map((each) => [foreign(each.text), foreign(each.label || "–"), `${each.start}-${each.end}`, bar(each.score)]), { head: 0 })],
  vector: (data) => [h("p", {}, t("answer.vector", { size: data.size, pooling: data.pooling, tokens: data.tokens })),
    h("p.numbers", {}, data.vector.map((each) => each.toFixed(4)).join("  "), data.size > data.vector.length ? " …" : "")],
};

/** A text with labelled parts. */
function labelled(text, parts) {
  const characters = [...text];
  const pieces = [];
  let at = 0;
  for (const part of parts) {
    if (part.start < at || part.end <= part.start) continue;
    pieces.push(foreign(characters.slice(at, part.start).join(""), 4000),
      h("mark", {}, foreign(characters.slice(part.start, part.end).join(""), 400), part.label && h("small", {}, " ", foreign(part.label, 24))));
    at = part.end;
  }
  pieces.push(foreign(characters.slice(at).join(""), 4000));
  return h("p.running", { lang: "" }, pieces);
}
