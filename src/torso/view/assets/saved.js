// A look that was saved: the same views, from the numbers in the file.
import { fill, foreign, h } from "./dom.js";
import { Look } from "./looks.js";
import { onState, readState, setState, stateNow } from "./state.js";
import { answerView } from "./view_answer.js";
import { attentionView, fromBase64 } from "./view_attention.js";
import { layersView } from "./view_layers.js";
import { textView } from "./view_text.js";
import { setWords, t } from "./words.js";

const SAVED = { text: async (look) => textView(look.summary), attention: attentionView, layers: layersView, answer: answerView };

class TorsoSaved extends HTMLElement {
  connectedCallback() {
    this.held = JSON.parse(document.getElementById("held").textContent);
    const { look } = this.held;
    this.look = new Look(look.summary, async (path, binary) => {
      if (!(path in look)) throw new Error(t("saved.absent"));
      return binary ? fromBase64(look[path]).buffer : look[path];
    }, 0);
    readState();
    onState(() => this.draw());
    this.draw();
  }

  draw() {
    const state = stateNow();
    const language = state.lang ?? (navigator.language.startsWith("zh") ? "zh" : "en");
    setWords(this.held.words[language]);
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    const view = state.view in SAVED ? state.view : "attention";
    const panel = h("div", { id: "panel" }, h("h2", {}, t("view." + view)), h("div.place", {}));
    this.replaceChildren(
      h("header", {}, h("h1", {}, "torso"), foreign(this.look.summary.model, 80), h("span.space", {}),
        h("button.quiet", { type: "button", onclick: () => setState({ lang: language === "zh" ? "en" : "zh" }) }, language === "zh" ? "English" : "中文")),
      h("nav", { "aria-label": t("views") }, h("div.tabs", {}, Object.keys(SAVED).map((each) => h("button", { type: "button", "aria-current": each === view ? "page" : null, onclick: () => setState({ view: each }) }, t("view." + each))))),
      h("main", {}, panel), h("div.hidden", { id: "live", role: "status", "aria-live": "polite" }));
    fill(panel.lastElementChild, SAVED[view](this.look));
  }
}

customElements.define("torso-saved", TorsoSaved);
