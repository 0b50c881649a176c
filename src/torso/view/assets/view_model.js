// A model from its files: every parameter, tensors and files, heads. Nothing is loaded for it.
import { getJson, postJson } from "./api.js";
import { announce, bytes, choice, fill, foreign, h, python, shownValue, table, visible } from "./dom.js";
import { t } from "./words.js";

const ACTS = ["shape", "run", "train", "none"];

/**
 * @param {string} model
 * @param {(changes: Record<string, string>) => void} run looks with parameters changed
 */
export async function modelView(model, run) {
  const query = "?model=" + encodeURIComponent(model);
  const data = await getJson("/config" + query);
  const weights = h("section", {}), heads = h("section", {});
  // The heads come last: to find them, the server loads what runs models.
  const tensors = getJson("/weights" + query);
  fill(weights, tensors.then(weightsPart));
  fill(heads, tensors.catch(() => null).then(() => getJson("/model-heads" + query)).then(headsPart));
  return [
    h("p.lead", {}, t("model.lead", { family: data.family, type: data.model_type }), data.max_tokens ? (document.documentElement.lang.startsWith("zh") ? "" : " ") + t("model.limit", { limit: data.max_tokens }) : ""),
    data.folder && h("p.quiet", {}, foreign(data.folder, 200)),
    data.notes.map((note) => h("p.note", {}, foreign(note, 600))),
    parametersPart(model, data, run),
    data.generation.length > 0 && plainParameters(t("model.generation"), data.generation),
    data.sentence_transformers.length > 0 && [h("h3", {}, "sentence-transformers"), table("sentence-transformers", [t("model.file"), t("model.parameter"), t("model.value")],
      data.sentence_transformers.map((row) => [foreign(row.file), foreign(row.key), h("code", {}, shownValue(row.value))]), { head: 1 })],
    heads, weights, python(data.code),
  ];
}

/** The table of parameters, with a filter and cells to change on trial. */
function parametersPart(model, data, run) {
  const changed = {};
  const effect = h("div.effect", { "aria-live": "polite" });
  const count = h("output.quiet", {});
  const headings = [t("model.parameter"), t("model.value"), t("model.default"), t("model.source"), t("model.acts"), t("model.meaning")];
  const whole = table(t("model.parameters"), headings, data.parameters.map((row) => [
    foreign(row.name, 60), valueCell(row), h("code", {}, row.used ? shownValue(row.default, 28) : ""), row.source_word, row.acts_word, row.meaning,
  ]), { head: 0, class: "parameters" });
  const lines = [...whole.querySelectorAll("tbody tr")];
  let acts = "", wanted = "";
  function filter() {
    let shown = 0;
    data.parameters.forEach((row, index) => {
      const hit = (!acts || row.acts === acts) && (!wanted || `${row.name} ${row.meaning}`.toLowerCase().includes(wanted));
      lines[index].hidden = !hit;
      shown += hit ? 1 : 0;
    });
    count.textContent = t("model.shown", { shown, count: data.parameters.length });
  }
  function valueCell(row) {
    if (!row.used) return h("code", {}, shownValue(row.value));
    const input = h("input.value", { value: JSON.stringify(row.value) ?? "", "aria-label": t("model.edit", { name: visible(row.name) }), spellcheck: "false", autocomplete: "off" });
    const before = input.value;
    input.size = Math.min(28, Math.max(6, before.length));
    input.addEventListener("change", () => {
      if (input.value === before) delete changed[row.name];
      else changed[row.name] = input.value;
      input.classList.toggle("changed", input.value !== before);
      preview();
    });
    return input;
  }
  function preview() {
    if (!Object.keys(changed).length) { effect.replaceChildren(); return; }
    fill(effect, postJson("/changes", { model, changes: changed }).then((found) => {
      const rows = found.changes.map((each) => [foreign(each.name), h("code", {}, shownValue(each.old, 28)), h("code", {}, shownValue(each.new, 28)), each.acts_word]);
      const runs = Object.fromEntries(Object.keys(changed).filter((name) => name in found.runs).map((name) => [name, changed[name]]));
      return [
        rows.length ? table(t("model.effect"), [t("model.parameter"), t("model.now"), t("model.then"), t("model.acts")], rows, { head: 0 }) : h("p", {}, t("model.no_effect")),
        h("p", {}, t(found.weights_checked ? "model.follow" : "model.unchecked")),
        Object.keys(runs).length > 0 && h("button", { type: "button", onclick: () => run(runs) }, t("model.run")),
        python(found.code),
      ];
    }));
  }
  filter();
  return h("section", {},
    h("div.bar-of-tools", {}, h("h3", {}, t("model.parameters")),
      h("label", {}, t("model.filter"), " ", h("input", { type: "search", oninput: (event) => { wanted = event.target.value.trim().toLowerCase(); filter(); announce(count.textContent); } })),
      choice(t("model.acts"), [["", t("all")], ...ACTS.map((each) => [each, t("acts." + each)])], "", (value) => { acts = value; filter(); announce(count.textContent); }), count),
    h("p.quiet", {}, t("model.edit_how")), effect, whole);
}

function plainParameters(caption, rows) {
  return [h("h3", {}, caption), table(caption, [t("model.parameter"), t("model.value"), t("model.source"), t("model.meaning")],
    rows.map((row) => [foreign(row.name, 60), h("code", {}, shownValue(row.value)), row.source_word, row.meaning]), { head: 0 })];
}

function headsPart(data) {
  return [h("h3", {}, t("model.heads")),
    h("p", {}, data.heads.length ? t("model.heads_there") : t("model.heads_none"), " ", data.heads.map((name) => [h("span.chip", {}, t("head." + name)), " "])),
    data.absent.length > 0 && h("p.quiet", {}, t("model.heads_absent"), " ", data.absent.map((name) => t("head." + name)).join(", "))];
}

function weightsPart(data) {
  const files = [data.tokenizer_notes.map((note) => h("p.note", {}, foreign(note, 600))), h("h3", {}, t("model.files")), table(t("model.files"), [t("model.file"), t("model.size"), t("model.hash")],
    data.files.map((file) => [foreign(file.name, 80), bytes(file.size), file.known_from ? t("model.hash_known", { teller: file.known_from }) : t("model.hash_unknown")]), { head: 0, right: [1] })];
  if (data.missing) return [h("h3", {}, t("model.tensors")), h("p", {}, foreign(data.missing.what, 500)), files];
  return [h("h3", {}, t("model.tensors")), h("p", {}, t("model.tensors_count", { tensors: data.count.toLocaleString("en"), numbers: data.parameters.toLocaleString("en") })),
    h("div.tree", {}, branches(treeOf(data.tensors))),
    data.count > data.tensors.length && h("p.quiet", {}, t("more", { count: data.count - data.tensors.length })), files];
}

/** Tensors by the parts of their names. */
function treeOf(tensors) {
  const root = { children: new Map(), numbers: 0, leaf: null };
  for (const tensor of tensors) {
    let at = root;
    at.numbers += tensor.numbers;
    for (const part of tensor.name.split(".").slice(0, 12)) {
      if (!at.children.has(part)) at.children.set(part, { children: new Map(), numbers: 0, leaf: null });
      at = at.children.get(part);
      at.numbers += tensor.numbers;
    }
    at.leaf = tensor;
  }
  return root;
}

function branches(node) {
  return [...node.children].map(([name, child]) => {
    const label = [foreign(name, 60), " ", h("span.quiet", {}, child.leaf ? `[${child.leaf.shape.join(", ")}] ${child.leaf.dtype}` : t("model.numbers", { count: child.numbers.toLocaleString("en") }))];
    if (!child.children.size) return h("div.leaf", {}, label);
    // What is inside is made when it is opened: a large model has thousands of tensors.
    const branch = h("details", {}, h("summary", {}, label));
    branch.addEventListener("toggle", () => { if (branch.open && branch.children.length === 1) branch.append(h("div.inside", {}, branches(child))); });
    return branch;
  });
}

/** Parameters in which two models differ. */
export async function compareView(model, other) {
  const data = await getJson(`/compare?model=${encodeURIComponent(model)}&other=${encodeURIComponent(other)}`);
  if (!data.differences.length) return h("p", {}, t("compare.same"));
  const cell = (row, index) => (row.in[index] ? h("code", {}, shownValue(row.values[index], 40)) : t("compare.absent"));
  return [h("h3", {}, t("compare.differences")), table(t("compare.differences"), [t("model.parameter"), foreign(model, 60), foreign(other, 60), t("model.acts"), t("model.meaning")],
    data.differences.map((row) => [foreign(row.name, 60), cell(row, 0), cell(row, 1), row.acts_word, row.meaning]), { head: 0 })];
}
