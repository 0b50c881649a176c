// Writing: a chat, or a text gone on with, token by token.
import { getJson, postLines } from "./api.js";
import { announce, choice, code, failure, foreign, h, python, visible } from "./dom.js";
import { t } from "./words.js";

/** @param {string} model @param {boolean} served whether the server answers as OpenAI's does @param {string} source its name in Python */
export async function tryView(model, served, source) {
  const data = await getJson("/config?model=" + encodeURIComponent(model));
  if (!data.writes) return h("p", {}, t("try.not_writing", { family: data.family }));
  const messages = [];
  const log = h("div.chat", { role: "log", "aria-label": t("try.log"), tabindex: "0" });
  const box = h("textarea", { rows: "3", "aria-label": t("try.text") });
  const most = numberField(t("try.most"), 128, 1, 2048, 1), temperature = numberField(t("try.temperature"), 0, 0, 5, 0.1), seed = numberField(t("try.seed"), 0, 0, 2147483647, 1);
  const code = h("div", {});
  let form = "chat", running = null;
  const send = h("button.primary", { type: "submit" }, t("try.send"));
  const stop = h("button", { type: "button", disabled: true, onclick: () => running?.abort() }, t("stop"));
  const showing = h("input", { type: "checkbox", onchange: (event) => log.classList.toggle("with-shares", event.target.checked) });
  function settings() {
    return { max_new_tokens: Number(most.input.value), temperature: Number(temperature.input.value), seed: Number(seed.input.value) };
  }
  async function write(event) {
    event.preventDefault();
    const text = box.value;
    if (!text.trim() || running) return;
    running = new AbortController();
    send.disabled = true;
    stop.removeAttribute("disabled");
    const turn = h("div.turn.model", {}, h("b", {}, form === "chat" ? t("try.model") : t("try.written")), " ");
    log.append(h("div.turn.user", {}, h("b", {}, form === "chat" ? t("try.user") : t("try.prompt")), " ", foreign(text, 8000)), turn);
    messages.push({ role: "user", content: text });
    const body = form === "chat" ? { model, messages: form === "chat" ? messages : undefined, ...settings() } : { model, prompt: text, ...settings() };
    code.replaceChildren(codeOf(model, form, body, served, source));
    let written = "", why = null, failed = false;
    try {
      await postLines("/write", body, (line) => {
        if (line.error) { failed = true; turn.append(failure({ parts: line.error })); return; }
        written += line.text;
        why = line.why ?? why;
        const share = Math.exp(line.log_probability);
        const piece = h("span.piece", { title: `${visible(line.text)} · ${share.toFixed(3)}` }, h("span", {}, line.text), h("small", { "aria-hidden": "true" }, share.toFixed(2)));
        piece.style.setProperty("--share", share.toFixed(3));
        turn.append(piece);
        log.scrollTop = log.scrollHeight;
      }, running.signal);
    } catch (error) {
      if (error.name === "AbortError") why = "stopped";
      else { failed = true; turn.append(failure(error)); }
    }
    running = null;
    send.disabled = false;
    stop.setAttribute("disabled", "");
    if (failed) { messages.pop(); return; }
    messages.push({ role: "assistant", content: written });
    turn.append(h("span.quiet", {}, " ", t("try.ended", { why: t("why." + (why ?? "end")) })));
    announce(written);
    if (form === "chat") box.value = "";
  }
  box.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) write(event); });
  return h("section.try", {},
    choice(t("try.form"), [["chat", t("try.chat")], ["completion", t("try.completion")]], form, (value) => { form = value; messages.length = 0; log.replaceChildren(); }),
    log,
    h("form", { onsubmit: write }, h("label", {}, t("try.text"), box),
      h("div.bar-of-tools", {}, send, stop, most.label, temperature.label, seed.label, h("label", {}, showing, " ", t("try.shares")))),
    h("p.quiet", {}, t("try.how")), code);
}

function numberField(name, value, least, most, step) {
  const input = h("input", { type: "number", value: String(value), min: String(least), max: String(most), step: String(step) });
  return { input, label: h("label", {}, name, " ", input) };
}

/** The same in Python, and where a server answers, by curl and OpenAI's client. */
function codeOf(model, form, body, served, source) {
  const call = form === "chat" ? `torso.chat_stream(${JSON.stringify(body.messages)}` : `torso.stream(${JSON.stringify(body.prompt)}`;
  const options = `model=${JSON.stringify(source)}, max_new_tokens=${body.max_new_tokens}${body.temperature ? `, temperature=${body.temperature}, do_sample=True, seed=${body.seed}` : ", do_sample=False"}`;
  const local = python([`for piece in ${call}, ${options}):`, "    print(piece.text, end=\"\", flush=True)"]);
  if (!served) return h("div", {}, local, h("p.quiet", {}, t("try.serve", { command: `torso serve ${model}` })));
  const route = form === "chat" ? "chat/completions" : "completions";
  const sent = { model, ...(form === "chat" ? { messages: body.messages } : { prompt: body.prompt }), max_tokens: body.max_new_tokens, temperature: body.temperature };
  const curl = `curl ${location.origin}/v1/${route} -H 'content-type: application/json' -d '${JSON.stringify(sent).replaceAll("'", "'\\''")}'`;
  const client = ["import openai", `client = openai.OpenAI(base_url="${location.origin}/v1", api_key="-")`, `client.${route.replace("/", ".")}.create(**${JSON.stringify(sent)})`];
  return h("div", {}, local, python(client), code("curl", curl));
}
