// The page: a model and a text, and the views on them.
import { getJson, postJson, takeToken } from "./api.js";
import { announce, failure, fill, foreign, h } from "./dom.js";
import { lookAt } from "./looks.js";
import { languageNow, onState, readState, setState, stateNow } from "./state.js";
import { answerView } from "./view_answer.js";
import { attentionDifference, attentionView } from "./view_attention.js";
import { layersView } from "./view_layers.js";
import { compareView, modelView } from "./view_model.js";
import { modelsView } from "./view_models.js";
import { serverView } from "./view_server.js";
import { spanOf, textView } from "./view_text.js";
import { tryView } from "./view_try.js";
import { setWords, t } from "./words.js";

const VIEWS = ["model", "text", "attention", "layers", "answer", "try", "models", "server"];
const WITH_TEXT = ["text", "attention", "layers", "answer"];

class TorsoApp extends HTMLElement {
  async connectedCallback() {
    takeToken();
    readState();
    onState(() => (languageNow() === this.language ? this.draw() : this.begin()));
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("torso-place", () => this.onplace?.());
    this.changes = {};
    await this.begin();
  }

  async begin() {
    this.language = languageNow();
    try {
      this.started = await getJson("/start");
    } catch (error) {
      this.replaceChildren(h("main", {}, h("h1", {}, "torso"), failure(error)));
      return;
    }
    setWords(this.started.words);
    document.documentElement.lang = this.started.language === "zh" ? "zh-CN" : "en";
    this.draw();
  }

  /** What is shown: the state of the address, over what the page was started with. */
  get now() {
    const { first } = this.started;
    return { view: "model", model: first.model, text: first.text, pair: "", compare: "", ...stateNow() };
  }

  draw() {
    const now = this.now;
    const focused = document.activeElement?.id;
    this.onplace = null;
    document.documentElement.dataset.scheme = now.scheme ?? "";
    document.title = `${t("view." + now.view)} · ${now.model} · torso`;
    const panel = h("div", { id: "panel", role: "tabpanel", "aria-labelledby": "tab-" + now.view, tabindex: "-1" });
    const places = [["", now.model], ...(now.compare && !["models", "server", "try"].includes(now.view) ? [["compare", now.compare]] : [])];
    const hosts = places.map(([, model]) => h("div.one", {}, places.length > 1 && h("h2", {}, foreign(model, 80)), h("div.place", {})));
    const above = h("div", {});
    panel.append(h("h2.hidden", {}, t("view." + now.view)), above, h("div" + (places.length > 1 ? ".pair" : ""), {}, hosts));
    this.replaceChildren(
      h("a.skip", { href: "#panel", onclick: (event) => { event.preventDefault(); panel.focus(); } }, t("skip")),
      this.header(now), this.tabs(now), h("main", {}, WITH_TEXT.includes(now.view) && this.form(now), panel),
      h("div.hidden", { id: "live", role: "status", "aria-live": "polite" }));
    hosts.forEach((host, index) => fill(host.lastElementChild, this.view(now, places[index][1], places[1 - index]?.[1])));
    if (places.length > 1) this.between(now, above);
    if (focused) document.getElementById(focused)?.focus();
    const list = this.querySelector(".tabs"), tab = document.getElementById("tab-" + now.view);
    list.scrollLeft = tab.offsetLeft - (list.clientWidth - tab.clientWidth) / 2;
  }

  header(now) {
    const models = [...new Set([now.model, ...this.started.models])];
    const option = (chosen) => (name) => h("option", { value: name, selected: name === chosen }, name);
    const scheme = { "": "light", light: "dark", dark: "" }[now.scheme ?? ""];
    return h("header", {}, h("h1", {}, "torso"),
      h("label", {}, t("header.model"), " ", h("select", { id: "model", onchange: (event) => { this.changes = {}; setState({ model: event.target.value, layer: null, head: null }); } }, models.map(option(now.model)))),
      h("label", {}, t("header.compare"), " ", h("select", { id: "compare", onchange: (event) => setState({ compare: event.target.value || null }) },
        h("option", { value: "", selected: !now.compare }, "–"), models.filter((name) => name !== now.model).map(option(now.compare)))),
      h("span.space", {}),
      h("button.quiet", { id: "language", type: "button", lang: this.started.language === "zh" ? "en" : "zh-CN",
        onclick: () => setState({ lang: this.started.language === "zh" ? "en" : "zh" }) }, this.started.language === "zh" ? "English" : "中文"),
      h("button.quiet", { id: "scheme", type: "button", "aria-label": t("header.scheme", { scheme: t("scheme." + (now.scheme ?? "system")) }), title: t("header.scheme", { scheme: t("scheme." + (now.scheme ?? "system")) }),
        onclick: () => { setState({ scheme: scheme || null }); document.dispatchEvent(new Event("torso-scheme")); } }, "◐"));
  }

  tabs(now) {
    const go = (view) => { setState({ view }); document.getElementById("tab-" + view)?.focus(); };
    const list = h("div.tabs", { role: "tablist", "aria-label": t("views") }, VIEWS.map((view) => h("button", {
      id: "tab-" + view, role: "tab", type: "button", "aria-selected": String(view === now.view), tabindex: view === now.view ? "0" : "-1",
      "aria-controls": view === now.view ? "panel" : null, onclick: () => go(view),
    }, t("view." + view))));
    list.addEventListener("keydown", (event) => {
      const at = VIEWS.indexOf(now.view);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: VIEWS.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      go(VIEWS[(to + VIEWS.length) % VIEWS.length]);
    });
    return h("nav", { "aria-label": t("views") }, list);
  }

  form(now) {
    const text = h("input", { id: "text", type: "text", value: now.text, lang: "" , autocomplete: "off"});
    const pair = h("input", { id: "pair", type: "text", value: now.pair, lang: "", autocomplete: "off", placeholder: t("form.optional") });
    return h("form.text", { onsubmit: (event) => {
      event.preventDefault();
      announce(t("working"));
      setState({ text: text.value, pair: pair.value || null });
      this.draw();
    } }, h("label", {}, t("form.text"), text), h("label", {}, t("form.pair"), pair), h("button.primary", { id: "look", type: "submit" }, t("form.look")),
    Object.keys(this.changes).length > 0 && h("p.note", {}, t("form.changed", { names: Object.keys(this.changes).join(", ") }), " ",
      h("button.quiet", { type: "button", onclick: () => { this.changes = {}; this.draw(); } }, t("form.unchanged"))));
  }

  look(now, model) {
    return lookAt(model, now.text, now.pair, model === now.model ? this.changes : {});
  }

  /** What a view shows of one model. */
  async view(now, model, other) {
    const open = (name) => setState({ model: name, view: "model" });
    if (now.view === "model") return modelView(model, (changes) => { this.changes = changes; setState({ view: "answer" }); });
    if (now.view === "text") {
      const ask = (name) => postJson("/tokens", { model: name, text: now.text, pair: now.pair || null });
      const [mine, its] = await Promise.all([ask(model), other ? ask(other) : null]);
      return textView(mine, its && new Set(its.tokens.map(spanOf)));
    }
    if (now.view === "try") return tryView(model, this.started.server, this.started.sources[model] ?? model);
    if (now.view === "models") return modelsView(this.started, open);
    if (now.view === "server") return serverView(this.started.server);
    const look = await this.look(now, model);
    const made = await { attention: attentionView, layers: layersView, answer: answerView }[now.view](look);
    const about = h("p.quiet", {}, t("look.about", { count: look.summary.tokens.length, milliseconds: look.milliseconds }), look.summary.cut ? " " + look.summary.cut : "");
    return [about, made];
  }

  /** What stands above two models beside each other. */
  between(now, place) {
    if (now.view === "model") fill(place, compareView(now.model, now.compare));
    if (now.view === "text") place.append(h("p.quiet", {}, t("compare.text")));
    if (now.view !== "attention") return;
    const show = () => fill(place, Promise.all([this.look(now, now.model), this.look(now, now.compare)]).then(([one, two]) => attentionDifference(one, two)));
    // The place chosen in the first model is the one that is compared.
    this.onplace = show;
    show();
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName ?? "")) return;
    const number = Number(event.key);
    if (number >= 1 && number <= VIEWS.length) {
      setState({ view: VIEWS[number - 1] });
      document.getElementById("tab-" + VIEWS[number - 1])?.focus();
    }
  }
}

customElements.define("torso-app", TorsoApp);
