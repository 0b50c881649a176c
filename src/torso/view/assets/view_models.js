// Models of this machine: what is here, and where it may: get, check, repair, remove.
import { deleteJson, getEvents, getJson, postJson } from "./api.js";
import { announce, bytes, failure, fill, foreign, h, table } from "./dom.js";
import { t } from "./words.js";

/** @param {{admin: boolean, local: boolean}} page @param {(model: string) => void} open shows a model */
export async function modelsView({ admin, local }, open) {
  const list = h("section", {}), jobs = h("section", { "aria-live": "polite" }), place = h("div", {});
  const watched = new Map();
  async function refresh() {
    const data = await getJson("/models");
    if (admin) for (const job of data.jobs) if (!watched.has(job.id)) watch(job);
    return [data.served.length > 0 && servedTable(data.served, open), local && (data.models.length ? modelsTable(data.models, admin, open, begin) : h("p", {}, t("models.none")))];
  }
  async function begin(action, model) {
    place.replaceChildren();
    try {
      watch(await postJson("/jobs", { action, model }));
    } catch (error) {
      place.replaceChildren(failure(error));
    }
  }
  function watch(job) {
    const card = h("article.job", {});
    watched.set(job.id, card);
    jobs.prepend(card);
    const gone = new AbortController();
    const ask = (change) => change.then(show, (error) => place.replaceChildren(failure(error)));
    const path = "/jobs/" + job.id;
    let now = job;
    function show(next) {
      const focused = card.contains(document.activeElement) && document.activeElement.dataset.act;
      now = next;
      card.replaceChildren(...jobCard(now, { pause: () => ask(postJson(path + "/pause", {})), resume: () => ask(postJson(path + "/resume", {})), stop: () => ask(deleteJson(path)) }));
      if (focused) (card.querySelector(`[data-act=${focused}]`) ?? card.querySelector("button"))?.focus();
      if (!card.isConnected) gone.abort();
    }
    const open = () => now.state === "running" || now.state === "paused";
    show(job);
    const follow = async () => {
      try {
        while (open() && card.isConnected) await getEvents(path + "/events", show, gone.signal);
        announce(`${t("job." + now.action)} ${now.model}: ${t("state." + now.state)}`);
        fill(list, refresh());
      } catch { /* the page shows something else, or the server has ended */ }
    };
    if (open()) setTimeout(follow, 0);
  }
  fill(list, refresh());
  const name = h("input", { type: "text", required: true, placeholder: "hfl/rbt3", spellcheck: "false", autocomplete: "off" });
  const form = admin && h("form.bar-of-tools", { onsubmit: (event) => { event.preventDefault(); begin("get", name.value.trim()); name.value = ""; } },
    h("label", {}, t("models.name"), " ", name), h("button.primary", { type: "submit" }, t("job.get")));
  return [form || (local && h("p.quiet", {}, t("models.no_admin", { command: "torso view --page-admin" }))), place, jobs, list];
}

/** The models of the server around the page. */
function servedTable(models, open) {
  const headings = [t("models.model"), t("models.task"), t("models.family"), t("models.reads"), t("models.gives"), t("models.precision")];
  const rows = models.map(({ id, torso = {} }) => [
    h("button.link", { type: "button", onclick: () => open(id) }, foreign(id, 80)), torso.task ? t("head." + torso.task) : "", torso.family ?? "",
    torso.max_tokens ? t("models.tokens", { count: torso.max_tokens }) : "",
    torso.dimensions ? t("model.numbers", { count: torso.dimensions }) : torso.labels ? foreign(torso.labels.slice(0, 4).join(", ") + (torso.labels.length > 4 ? " …" : ""), 60) : "",
    torso.precision ?? "",
  ]);
  return h("section", {}, h("h3", {}, t("models.served")), table(t("models.served"), headings, rows, { head: 0 }));
}

function modelsTable(models, admin, open, begin) {
  const headings = [t("models.model"), t("model.size"), t("models.cache"), t("models.revision"), t("models.state"), ...(admin ? [t("models.do")] : [])];
  const named = models.map((model) => [
    h("button.link", { type: "button", onclick: () => open(model.name), disabled: (model.missing ?? []).length > 0 }, foreign(model.name, 80)),
    model.size === undefined ? "" : bytes(model.size), model.cache ?? "", foreign((model.refs ?? []).join(", ") || (model.commit ?? "").slice(0, 7), 40),
    (model.missing ?? []).length ? t("models.lacks", { names: model.missing.slice(0, 3).join(", ") }) : t("models.whole"),
    ...(admin ? [actions(model, begin)] : []),
  ]);
  return table(t("models.list"), headings, named, { right: [1], head: 0 });
}

function actions(model, begin) {
  const confirm = h("span", { hidden: true }, t("models.sure", { size: bytes(model.size ?? 0) }), " ",
    h("button.danger", { type: "button", onclick: () => { confirm.hidden = true; begin("remove", model.name); } }, t("job.remove")));
  return h("span.actions", {}, ["check", "repair"].map((action) =>
    h("button", { type: "button", "aria-label": `${t("job." + action)} ${model.name}`, onclick: () => begin(action, model.name) }, t("job." + action))),
    h("button", { type: "button", "aria-label": `${t("job.remove")} ${model.name}`, onclick: () => { confirm.hidden = !confirm.hidden; } }, t("job.remove"), "…"), confirm);
}

function jobCard(job, act) {
  const button = (name, word) => h("button", { type: "button", "data-act": name, "aria-label": `${t(word)} ${job.model}`, onclick: act[name] }, t(word));
  const result = job.result ?? {};
  const size = job.files.reduce((sum, file) => sum + file.size, 0), here = job.files.reduce((sum, file) => sum + file.here, 0);
  return [
    h("div.bar-of-tools", {}, h("b", {}, t("job." + job.action), " "), foreign(job.model, 80), h("span.chip", {}, t("state." + job.state)),
      job.state === "running" && job.action === "get" && button("pause", "job.pause"), job.state === "paused" && button("resume", "job.resume"),
      (job.state === "running" || job.state === "paused") && button("stop", "stop")),
    job.about && h("p.quiet", {}, foreign(job.about, 600)),
    job.files.length > 0 && h("p", {}, h("progress", { max: String(Math.max(size, 1)), value: here, "aria-label": job.model }), ` ${bytes(here)} / ${bytes(size)}`),
    job.files.length > 1 && h("ul.files", {}, job.files.map((file) => h("li", {}, foreign(file.path, 80), ` ${bytes(file.here)} / ${bytes(file.size)}`))),
    result.error && failure({ parts: result.error }),
    result.whole !== undefined && h("p", {}, t(result.whole ? "models.is_whole" : "models.not_whole")),
    (result.findings ?? []).map((finding) => h("p", {}, foreign(finding.what, 500), " ", foreign(finding.cure, 300))),
    result.freed !== undefined && h("p", {}, t("models.freed", { size: bytes(result.freed) })),
    job.state === "stopped" && h("p", {}, t("models.kept")),
  ].filter(Boolean).flat();
}
