// What attends to what: a grid of all heads, and one of them large.
import { announce, choice, fill, foreign, h, python, s, table, visible } from "./dom.js";
import { coloursOf, heat, paint } from "./heat.js";
import { headWeights } from "./looks.js";
import { setState, stateNow } from "./state.js";
import { t } from "./words.js";

const SUMMARIES = ["special", "itself", "previous", "following", "entropy"];
const MOST_LINES = 64; // tokens up to which lines of every token are drawn

/** Decodes bytes in base64. */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (mark) => mark.charCodeAt(0));
}

function chosenPlace(look, part) {
  const state = stateNow();
  const { layers, heads } = look.part(part);
  const layer = Math.min(Math.max(0, parseInt(state.layer ?? "0", 10) || 0), layers - 1);
  const head = state.head === "mean" ? -1 : Math.min(Math.max(0, parseInt(state.head ?? "0", 10) || 0), heads - 1);
  return { layer, head };
}

/** The view of one look. @param {import("./looks.js").Look} look */
export async function attentionView(look) {
  const state = stateNow();
  const part = look.part(state.part).name;
  const place = chosenPlace(look, part);
  const grid = await look.ask(`heads?part=${part}`);
  const large = h("section.large", { "aria-live": "off" });
  const show = (form = stateNow().form ?? "matrix") => fill(large, largeHead(look, part, place, grid, form, show));
  const whole = h("div.attention", {}, headGrid(look, part, place, grid, (layer, head) => {
    Object.assign(place, { layer, head });
    setState({ layer: String(layer), head: head < 0 ? "mean" : String(head) }, true);
    announce(placeWords(place) + ". " + summaryWords(grid, place));
    document.dispatchEvent(new Event("torso-place"));
    show();
  }), large);
  show();
  const parts = look.parts.length > 1 && choice(t("attention.part"), look.parts.map((each) => [each.name, t("part." + each.name)]), part,
    (value) => setState({ part: value, layer: null, head: null }));
  return [parts, whole, python([look.summary.code[0],
    `look.attention(${place.layer}${part === look.parts[0].name ? "" : `, part="${part}"`})[${Math.max(place.head, 0)}]`])];
}

function placeWords({ layer, head }) {
  return head < 0 ? t("attention.mean_of", { layer }) : t("attention.place", { layer, head });
}

function summaryWords(grid, { layer, head }) {
  if (head < 0) return "";
  return summariesOf(grid).map((name) => t("summary." + name, { value: summaryNumber(grid, name, layer, head) })).join(", ");
}

// In cross-attention there is no token before or after.
const summariesOf = (grid) => (grid.square ? SUMMARIES : ["special", "entropy"]);

function summaryNumber(grid, name, layer, head) {
  const value = grid[name][layer][head];
  return name === "entropy" ? value.toFixed(2) : `${(value * 100).toFixed(0)} %`;
}

function headGrid(look, part, place, grid, choose) {
  const [layers, heads, rows, columns] = grid.shape;
  const cells = fromBase64(grid.thumbnails);
  const buttons = [];
  const ink = h("i.ink", { "aria-hidden": "true" });
  const body = h("div.grid", { role: "grid", "aria-label": t("attention.grid", { layers, heads }) });
  body.style.setProperty("--heads", String(heads));
  body.append(h("div.line", { role: "row" }, h("span.corner", { role: "columnheader" }, t("attention.corner")),
    [...Array(heads).keys()].map((head) => h("span.name", { role: "columnheader" }, head))));
  for (let layer = 0; layer < layers; layer += 1) {
    const line = h("div.line", { role: "row" }, h("span.name", { role: "rowheader" }, layer));
    for (let head = 0; head < heads; head += 1) {
      const canvas = h("canvas", { "aria-hidden": "true" });
      const button = h("div.thumb", {
        role: "gridcell", tabindex: "-1", "aria-label": `${t("attention.place", { layer, head })}. ${summaryWords(grid, { layer, head })}`,
        title: summaryWords(grid, { layer, head }), onclick: () => take(layer, head),
      }, canvas);
      button.draw = (colours) => {
        const first = (layer * heads + head) * rows * columns;
        paint(canvas, rows, columns, (row, column) => cells[first + row * columns + column] / 255, colours);
      };
      buttons.push(button);
      line.append(button);
    }
    body.append(line);
  }
  function mark(focus) {
    const at = place.layer * heads + Math.max(place.head, 0);
    buttons.forEach((each, index) => {
      each.tabIndex = index === at ? 0 : -1;
      each.setAttribute("aria-selected", String(index === at && place.head >= 0));
    });
    if (focus) buttons[at].focus();
  }
  function take(layer, head) {
    choose(layer, head);
    mark(true);
  }
  body.addEventListener("keydown", (event) => {
    const head = Math.max(place.head, 0);
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -head], End: [0, heads] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    take(Math.max(0, Math.min(layers - 1, place.layer + step[0])), Math.max(0, Math.min(heads - 1, head + step[1])));
  });
  mark(false);
  const draw = () => {
    if (!body.isConnected) return;
    const colours = coloursOf(ink);
    for (const each of buttons) each.draw(colours);
  };
  requestAnimationFrame(draw);
  document.addEventListener("torso-scheme", draw);
  return h("section.heads", {}, ink, h("h3", {}, t("attention.heads")), h("div.scroll.plain", {}, body), h("p.quiet", {}, t("attention.how")));
}

async function largeHead(look, part, place, grid, form, again) {
  const [rowTokens, columnTokens] = look.axes(part);
  const data = await look.attention(place.layer, part);
  const hidden = stateNow().hide === "1";
  const weights = headWeights(data, place.head);
  const keepRow = rowTokens.map((token, index) => [token, index]).filter(([token]) => !hidden || !token.special);
  const keepColumn = columnTokens.map((token, index) => [token, index]).filter(([token]) => !hidden || !token.special);
  const value = (row, column) => weights[keepRow[row][1] * data.columns + keepColumn[column][1]];
  const rowNames = keepRow.map(([token]) => token.token), columnNames = keepColumn.map(([token]) => token.token);
  const tops = rowNames.map((_, row) => Math.max(1e-12, ...columnNames.map((__, column) => value(row, column))));
  const describe = (row, column) => t("attention.says", {
    row: visible(rowNames[row]), column: visible(columnNames[column]), value: value(row, column).toFixed(3),
  });
  const heading = h("div.bar-of-tools", {}, h("h3", {}, placeWords(place)),
    choice(t("attention.form"), [["matrix", t("form.matrix")], ["lines", t("form.lines")], ["table", t("form.table")]], form, (chosen) => {
      setState({ form: chosen }, true);
      again(chosen);
    }),
    h("label", {}, h("input", { type: "checkbox", checked: place.head < 0, onchange: (event) => {
      place.head = event.target.checked ? -1 : 0;
      setState({ head: event.target.checked ? "mean" : "0" }, true);
      document.dispatchEvent(new Event("torso-place"));
      again();
    } }), " ", t("attention.mean")),
    h("label", {}, h("input", { type: "checkbox", checked: hidden, onchange: (event) => {
      setState({ hide: event.target.checked ? "1" : null }, true);
      again();
    } }), " ", t("attention.hide")));
  const about = place.head >= 0 && h("p.summaries", {}, summariesOf(grid).map((name) => h("span", { "data-summary": name },
    t("summary." + name, { value: summaryNumber(grid, name, place.layer, place.head) }))));
  let picture;
  if (form === "table") picture = attentionTable(rowNames, columnNames, value);
  else if (form === "lines") picture = lines(rowNames, columnNames, value, describe);
  else picture = heat({ label: placeWords(place) + ". " + t("attention.keys"), rowNames, columnNames, share: (row, column) => value(row, column) / tops[row], describe });
  return [heading, about, picture, form !== "table" && h("p.quiet", {}, t(form === "lines" ? "attention.lines_how" : "attention.row_how"))];
}

/** Weights as a table: all of a short text, the five largest of each row of a longer one. */
function attentionTable(rowNames, columnNames, value) {
  if (columnNames.length <= 16) {
    return table(t("attention.table"), [t("token"), ...columnNames.map((name) => foreign(name, 12))],
      rowNames.map((name, row) => [foreign(name, 16), ...columnNames.map((_, column) => value(row, column).toFixed(3))]),
      { head: 0, right: columnNames.map((_, column) => column + 1) });
  }
  return table(t("attention.table_five"), [t("token"), "1", "2", "3", "4", "5"], rowNames.map((name, row) => {
    const best = columnNames.map((_, column) => column).sort((a, b) => value(row, b) - value(row, a)).slice(0, 5);
    return [foreign(name, 16), ...best.map((column) => [foreign(columnNames[column], 16), " ", value(row, column).toFixed(3)])];
  }), { head: 0 });
}

/** Weights as lines between two columns of tokens; the row under the pointer or the keyboard alone, once there is one. */
function lines(rowNames, columnNames, value, describe) {
  const step = 20, width = 460, left = 150, right = width - 150;
  const height = Math.max(rowNames.length, columnNames.length) * step + 8;
  const output = h("output.readout", {}, "\u00a0");
  const strokes = s("g", {});
  const picture = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "lines", role: "img", "aria-label": t("attention.lines") });
  const y = (index) => index * step + step / 2 + 4;
  let only = rowNames.length > MOST_LINES ? 0 : -1;
  function draw() {
    strokes.replaceChildren();
    rowNames.forEach((_, row) => {
      if (only >= 0 && row !== only) return;
      columnNames.forEach((__, column) => {
        const weight = value(row, column);
        if (weight < 0.03) return;
        strokes.append(s("line", { x1: left, y1: y(row), x2: right, y2: y(column), "stroke-opacity": weight.toFixed(3), "stroke-width": (0.6 + 3 * weight).toFixed(2) }));
      });
    });
    if (only >= 0) {
      const best = columnNames.map((_, column) => column).sort((a, b) => value(only, b) - value(only, a)).slice(0, 3);
      output.textContent = best.map((column) => describe(only, column)).join("; ");
    } else output.textContent = "\u00a0";
    names.forEach((each, row) => each.classList.toggle("chosen", row === only));
  }
  const names = rowNames.map((name, row) => s("text", { x: left - 8, y: y(row) + 4, "text-anchor": "end", onpointerenter: () => { only = row; draw(); } }, visible(name, 16)));
  picture.append(strokes, ...names, ...columnNames.map((name, column) => s("text", { x: right + 8, y: y(column) + 4 }, visible(name, 16))));
  const box = h("div.lines-box", { tabindex: "0", role: "application", "aria-label": t("attention.lines") + ". " + t("attention.lines_how") }, picture);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") only = -1;
    else if (event.key === "ArrowDown") only = Math.min(rowNames.length - 1, only + 1);
    else if (event.key === "ArrowUp") only = Math.max(0, only - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
    draw();
    announce(output.textContent);
  });
  draw();
  return h("div", {}, box, output);
}

/** How the attention of two looks differs, where their tokens and heads agree. */
export async function attentionDifference(one, two) {
  const part = one.part(stateNow().part).name;
  const [a, b] = [one.part(part), two.part(part)];
  const names = (look) => look.axes(part).map((tokens) => tokens.map((token) => token.token));
  if (a.name !== b.name || a.heads !== b.heads || JSON.stringify(names(one)) !== JSON.stringify(names(two))) {
    return h("p.quiet", {}, t("compare.no_difference"));
  }
  const place = chosenPlace(one, part);
  if (place.layer >= b.layers) return h("p.quiet", {}, t("compare.no_difference"));
  const [mine, its] = await Promise.all([one, two].map((look) => look.attention(place.layer, part).then((data) => headWeights(data, place.head))));
  const [rowNames, columnNames] = names(one);
  const value = (row, column) => its[row * columnNames.length + column] - mine[row * columnNames.length + column];
  const top = Math.max(1e-12, ...mine.map((each, index) => Math.abs(its[index] - each)));
  return h("section", {}, h("h3", {}, t("compare.difference") + ": " + placeWords(place)), h("p.quiet", {}, t("compare.difference_how")), heat({
    label: t("compare.difference"), rowNames, columnNames, share: (row, column) => value(row, column) / top,
    describe: (row, column) => t("compare.says", { row: visible(rowNames[row]), column: visible(columnNames[column]), value: (value(row, column) < 0 ? "" : "+") + value(row, column).toFixed(3) }),
  }));
}
