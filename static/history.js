// The history: the files that were fetched, the newest first.

import { callApi } from "./api.js";
import { h } from "./dom.js";
import { runAction } from "./feedback.js";
import { formatMoment, formatSize } from "./formats.js";
import "./history_texts.js";
import { t } from "./i18n.js";
import { href } from "./router.js";

const PER_PAGE = 50;

export async function open(root) {
  const list = h("ul.rows", { id: "history-list" });
  const more = h("button", { type: "button", id: "history-more" }, t("olderOnes"));
  const empty = h("div.empty", {}, h("strong", {}, t("nothingFetched")));
  let page = 0;

  async function loadPage() {
    page += 1;
    const { data, pagination } = await callApi(
      "GET",
      `queue/history?per_page=${PER_PAGE}&page=${page}`,
    );
    list.append(...data.map(makeRow));
    more.hidden = page >= pagination.pages;
    empty.hidden = pagination.total > 0;
  }

  more.onclick = () => runAction(more, loadPage);
  await loadPage();
  root.classList.add("narrow");
  const head = h("div.view-head", {}, h("h1", { tabIndex: -1 }, t("history")));
  root.append(head, h("div.card", {}, list, empty), more);
  return { title: t("history") };
}

function makeRow(fetched) {
  const title = h("a", { href: href(`series/${fetched.anime_id}`) }, fetched.anime_title);
  const facts = [formatMoment(fetched.finished_at), formatSize(fetched.total_bytes ?? 0)];
  return h(
    "li.line-row",
    {},
    h("p.text", {}, h("b.code", {}, fetched.episode), " ", title),
    h("span.soft", {}, facts.join(" · ")),
  );
}
