// Hidden states layer by layer: lengths, cosines, projection, logit lens.
import { fill, foreign, h, python, s, table, visible } from "./dom.js";
import { heat } from "./heat.js";
import { setState, stateNow } from "./state.js";
import { t } from "./words.js";

/** The view of one look. @param {import("./looks.js").Look} look */
export async function layersView(look) {
  const state = stateNow();
  const part = look.part(state.part).name === "encoder" ? "encoder" : look.parts.length > 1 ? "decoder" : look.parts[0].name;
  const rows = await look.ask(`rows?part=${part}`);
  const names = look.axes(part)[0].map((token) => token.token);
  const lens = look.summary.lens && part !== "encoder" && h("section", {});
  if (lens) fill(lens, look.ask("lens").then((data) => lensTable(data, names)));
  const asTable = h("details", {}, h("summary", {}, t("form.table")));
  asTable.addEventListener("toggle", () => {
    if (asTable.open && asTable.children.length === 1) asTable.append(numbersTable(rows, names));
  });
  return [
    look.parts.length > 1 && h("p.quiet", {}, t("part." + part)),
    h("div.side-by-side", {},
      h("section", {}, h("h3", {}, t("layers.projection")), h("p.quiet", {}, t("layers.projection_how")), projection(rows, names)),
      h("section", {}, h("h3", {}, t("layers.norms")), h("p.quiet", {}, t("layers.norms_how")), matrixOf(rows.norms, names, t("layers.norms"), 0),
        h("h3", {}, t("layers.cosines")), h("p.quiet", {}, t("layers.cosines_how")), matrixOf(rows.cosines, names, t("layers.cosines"), 1))),
    asTable,
    lens || (part !== "encoder" && h("p.quiet", {}, t("layers.no_lens"))),
    python([look.summary.code[0], "look.layer_rows().norms" + (look.summary.lens ? ", look.logit_lens().ids" : "")]),
  ];
}

function matrixOf(values, names, label, first) {
  let least = Infinity, most = -Infinity;
  for (const row of values) for (const each of row) { least = Math.min(least, each); most = Math.max(most, each); }
  const scale = most > least ? 1 / (most - least) : 0;
  return heat({
    label, rowNames: values.map((_, layer) => t("layers.layer", { layer: layer + first })), columnNames: names,
    share: (row, column) => (values[row][column] - least) * scale,
    describe: (row, column) => t("layers.says", { layer: row + first, token: visible(names[column]), value: values[row][column].toFixed(3) }),
  });
}

function numbersTable(rows, names) {
  const layers = rows.norms.map((_, layer) => layer);
  return table(t("layers.table"), [t("token"), ...layers.flatMap((layer) => [t("layers.norm_of", { layer }), ...(layer ? [t("layers.cosine_of", { layer })] : [])])],
    names.map((name, token) => [foreign(name, 16), ...layers.flatMap((layer) =>
      [rows.norms[layer][token].toFixed(3), ...(layer ? [rows.cosines[layer - 1][token].toFixed(4)] : [])])]),
    { head: 0, right: [...Array(2 * layers.length).keys()].map((index) => index + 1) });
}

/** Every row of every layer as a point on the first two principal components; one layer's tokens are named. */
function projection(rows, names) {
  const width = 420, height = 340, edge = 34;
  const points = rows.points;
  const all = points.flat();
  const range = (axis) => {
    const values = all.map((point) => point[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return high > low ? [low, high] : [low - 1, low + 1];
  };
  const [xs, ys] = [range(0), range(1)];
  const place = (point) => [edge + ((point[0] - xs[0]) / (xs[1] - xs[0])) * (width - 2 * edge), height - edge - ((point[1] - ys[0]) / (ys[1] - ys[0])) * (height - 2 * edge)];
  const last = points.length - 1;
  const share = rows.shares.map((each) => `${(each * 100).toFixed(1)} %`);
  const layerBelow = h("output", {});
  const marks = s("g", {});
  const picture = s("svg", { viewBox: `0 0 ${width} ${height}`, class: "projection", role: "img", "aria-label": t("layers.projection_label", { first: share[0], second: share[1] }) });
  names.forEach((_, token) => picture.append(s("polyline", { class: "path", points: points.map((layer) => place(layer[token]).map((each) => each.toFixed(1)).join(",")).join(" ") })));
  picture.append(marks,
    s("line", { class: "axis", x1: edge, y1: height - edge + 8, x2: width - edge, y2: height - edge + 8 }),
    s("line", { class: "axis", x1: edge - 8, y1: edge, x2: edge - 8, y2: height - edge }),
    s("text", { class: "axis-name", x: width / 2, y: height - 6, "text-anchor": "middle" }, t("layers.component", { number: 1, share: share[0] })),
    s("text", { class: "axis-name", x: 14, y: height / 2, "text-anchor": "middle", transform: `rotate(-90 14 ${height / 2})` }, t("layers.component", { number: 2, share: share[1] })));
  function show(layer) {
    layerBelow.textContent = t("layers.layer", { layer });
    marks.replaceChildren(...names.flatMap((name, token) => {
      const [x, y] = place(points[layer][token]);
      const label = names.length <= 80 && s("text", { x: x + 5, y: y - 4 }, visible(name, 8));
      return [s("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 3.2 }, s("title", {}, visible(name))), label].filter(Boolean);
    }));
  }
  const asked = stateNow().layer === undefined ? last : Math.min(last, Math.max(0, parseInt(stateNow().layer, 10) || 0));
  show(asked);
  const slider = h("input", { type: "range", min: "0", max: String(last), value: String(asked), "aria-label": t("layers.slider"), oninput: (event) => {
    show(Number(event.target.value));
    setState({ layer: event.target.value }, true);
  } });
  return h("div", {}, picture, h("label.slider", {}, slider, layerBelow));
}

function lensTable(data, names) {
  const layers = data.ids.map((_, layer) => layer).reverse();
  const cell = (layer, token) => {
    const parts = data.ids[layer][token].map((number, index) => [data.names[number] ?? String(number), data.probabilities[layer][token][index]]);
    const shown = h("span.lens", { title: parts.map(([name, share]) => `${visible(name)} ${share.toFixed(3)}`).join("\n") }, foreign(parts[0][0], 10), " ", h("small", {}, parts[0][1].toFixed(2)));
    shown.style.setProperty("--share", String(parts[0][1]));
    return shown;
  };
  return [h("h3", {}, t("layers.lens")), h("p.quiet", {}, t("layers.lens_how")),
    table(t("layers.lens"), [t("layers.layer_word"), ...names.map((name) => foreign(name, 10))],
      layers.map((layer) => [String(layer), ...names.map((_, token) => cell(layer, token))]), { head: 0 })];
}
