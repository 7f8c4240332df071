// The history: the files that were fetched and what failed, the newest first, with a search.

import { callApi, getToken, ROOT } from "./api.js";
import { $, h, loadStyle } from "./dom.js";
import { runAction } from "./feedback.js";
import { formatDay, formatSize, formatTime } from "./formats.js";
import "./history_texts.js";
import { t } from "./i18n.js";
import { makePicture } from "./pictures.js";
import { describeReason, loadReasons } from "./reasons.js";
import { href, replaceAddress } from "./router.js";

const PER_PAGE = 50;
const SEARCH_AFTER_MS = 400;

export async function open(root, address) {
  const state = {
    text: address.query.get("q") ?? "",
    show: address.query.get("show") === "failed" ? "failed" : "completed",
  };
  const list = h("div.days", { id: "history-list" });
  const more = h("button", { type: "button", id: "history-more" }, t("olderOnes"));
  const empty = h("div.empty", { hidden: true }, h("strong"));
  let page = 0;
  let asking = new AbortController();
  let timer = 0;

  const query = () => {
    const asked = new URLSearchParams({ state: state.show });
    if (state.text.trim()) asked.set("q", state.text.trim());
    return asked;
  };

  async function loadPage() {
    const { signal } = asking;
    const path = `queue/history?per_page=${PER_PAGE}&page=${page + 1}&${query()}`;
    const { data, pagination } = await callApi("GET", path, null, { signal });
    page += 1;
    for (const ended of data) addRow(list, ended);
    more.hidden = page >= pagination.pages;
    empty.hidden = pagination.total > 0;
    const nothing = t(`nothing.${state.show}`);
    $("strong", empty).textContent = state.text.trim() ? t("nothingSo") : nothing;
  }

  async function loadAnew() {
    asking.abort();
    asking = new AbortController();
    page = 0;
    const shown = new URLSearchParams();
    if (state.text.trim()) shown.set("q", state.text.trim());
    if (state.show === "failed") shown.set("show", "failed");
    replaceAddress(`history${shown.size ? `?${shown}` : ""}`);
    list.replaceChildren();
    await loadPage();
  }

  const tools = makeTools(state, (isTyping) => {
    clearTimeout(timer);
    timer = setTimeout(() => runAction(tools, loadAnew), isTyping ? SEARCH_AFTER_MS : 0);
  });
  const save = h("button", { type: "button", id: "history-csv" }, t("asTable"));
  save.onclick = () => runAction(save, () => saveTable(query()));
  more.onclick = () => runAction(more, loadPage);
  await Promise.all([
    loadReasons(),
    loadPage(),
    loadStyle("library.css"),
    loadStyle("calendar.css"),
  ]);
  root.classList.add("narrow");
  const heading = h("h1", { tabIndex: -1 }, t("history"));
  root.append(h("div.view-head", {}, heading, h("span.gap"), save), tools, list, empty, more);
  return { title: t("history"), close: () => clearTimeout(timer) };
}

function makeTools(state, change) {
  const filter = h("input", {
    id: "history-filter",
    type: "search",
    value: state.text,
    autocomplete: "off",
    maxlength: 200,
    placeholder: t("searchHistory"),
    ariaLabel: t("searchHistory"),
  });
  filter.oninput = () => {
    state.text = filter.value;
    change(true);
  };
  const buttons = ["completed", "failed"].map((name) => {
    const button = h("button", { type: "button", data: { show: name } }, t(`ended.${name}`));
    button.ariaPressed = String(state.show === name);
    button.onclick = () => {
      state.show = name;
      for (const each of buttons) each.ariaPressed = String(each === button);
      change(false);
    };
    return button;
  });
  const choices = h("div.choices", { role: "group", ariaLabel: t("show") }, buttons);
  return h("div.tools", {}, filter, choices);
}

/** Add a row to its day, the last one of the list or a new one. */
function addRow(list, ended) {
  const day = formatDay(ended.finished_at);
  let part = list.lastElementChild;
  if (part?.dataset.day !== day) {
    part = h("section.card", { data: { day } }, h("h2", {}, day), h("ul.rows"));
    list.append(part);
  }
  part.lastChild.append(makeRow(ended));
}

function makeRow(ended) {
  const { anime_id: id, anime_title: title, error_message: message, error_code: code } = ended;
  const facts = [formatTime(new Date(ended.finished_at))];
  if (ended.total_bytes) facts.push(formatSize(ended.total_bytes));
  const text = h(
    "p.text",
    {},
    h("a", { href: href(`series/${id}`) }, title),
    h("span.soft", {}, h("b.code", {}, ended.episode)),
  );
  return h(
    "li.line-row",
    {},
    makePicture({ id, title }),
    text,
    h("span.soft", {}, facts.join(" · ")),
    message && h("p.bad.state-line", {}, describeReason(message, code).text),
  );
}

/** Save what is shown as a table: a link cannot send the token. */
async function saveTable(query) {
  query.set("format", "csv");
  const address = new URL(`api/queue/history?${query}`, ROOT);
  const headers = { Authorization: `Bearer ${getToken()}` };
  const response = await fetch(address, { headers, credentials: "same-origin" });
  if (!response.ok) throw new Error(`The table was refused: ${response.status}`);
  const link = h("a", { download: "history.csv" });
  link.href = URL.createObjectURL(await response.blob());
  link.click();
  URL.revokeObjectURL(link.href);
}
