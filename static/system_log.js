// The log of the last hours: loaded when its box is opened, and again by a button.

import { callApi } from "./api.js";
import { h, setText } from "./dom.js";
import { runAction, showToast } from "./feedback.js";
import { formatMoment } from "./formats.js";
import { t, tn } from "./i18n.js";
import "./system_log_texts.js";

const LEVELS = ["debug", "info", "warning", "error"];
/** What may be shown: this level and those above it. */
const CHOICES = ["debug", "warning", "error"];
const COLOURS = { debug: "ok", info: "pending", warning: "missing", error: "failed" };

/** The box of the log. Its sentences are English, as they stand in the server's log too. */
export function makeLog() {
  let lines = [];
  const choices = CHOICES.map((level) => new Option(t(`logShow.${level}`), level));
  const choice = h("select", { id: "log-level" }, choices);
  const count = h("span.soft", { role: "status" });
  const list = h("ol.rows", { id: "log-lines", tabIndex: 0, ariaLabel: t("log") });
  const button = (id, text) => h("button", { type: "button", id }, text);
  const refresh = button("log-refresh", t("refresh"));
  const copy = button("log-copy", t("copyLog"));
  const save = button("log-save", t("saveLog"));
  copy.hidden = !navigator.clipboard; // which plain http on a LAN has not

  const shown = () =>
    lines.filter(({ level }) => LEVELS.indexOf(level) >= LEVELS.indexOf(choice.value));

  function draw() {
    const rows = shown();
    list.replaceChildren(...rows.map(makeLine));
    setText(count, rows.length ? tn("logLines", rows.length) : t("noLogLines"));
    copy.disabled = save.disabled = !rows.length;
  }

  async function load() {
    lines = (await callApi("GET", "system/log")).data;
    draw();
  }

  choice.onchange = draw;
  refresh.onclick = () => runAction(refresh, load);
  copy.onclick = () =>
    runAction(copy, async () => {
      await navigator.clipboard.writeText(asText(shown()));
      showToast(t("logCopied"));
    });
  save.onclick = () => saveText(asText(shown()));
  const box = h(
    "details.card",
    { id: "log" },
    h("summary", {}, t("log")),
    h("p.soft", {}, t("logHint")),
    h(
      "div.foot",
      {},
      h("label", { htmlFor: "log-level" }, t("logShow")),
      choice,
      refresh,
      copy,
      save,
    ),
    count,
    list,
  );
  box.ontoggle = () => {
    if (box.open) runAction(refresh, load);
  };
  return box;
}

function makeLine({ time, level, source, message }) {
  const badge = h("span.badge", { data: { state: COLOURS[level] } }, t(`logLevel.${level}`));
  const when = h("span.soft", {}, formatMoment(time));
  const said = h("p.said", { lang: "en" }, h("b", {}, source), " ", message);
  return h("li.line-row", {}, badge, h("div.text", {}, when, said));
}

/** The oldest first, as a file of a log has it. */
const asText = (lines) =>
  lines
    .map(({ time, level, source, message }) => `${time} ${level} ${source}: ${message}\n`)
    .reverse()
    .join("");

function saveText(text) {
  const link = h("a", { download: "aniworld-log.txt" });
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.click();
  URL.revokeObjectURL(link.href);
}
