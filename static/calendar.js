// The calendar: which episodes air when, and what became of those that did.

import { callApi } from "./api.js";
import "./calendar_texts.js";
import { h } from "./dom.js";
import { formatWeekday } from "./formats.js";
import { t } from "./i18n.js";
import { href } from "./router.js";

const DAY_MS = 86_400_000;
const [DAYS_BEFORE, DAYS_AFTER] = [7, 28];

export async function open(root) {
  const [from, to] = [-DAYS_BEFORE, DAYS_AFTER].map((days) => isoDay(Date.now() + days * DAY_MS));
  const entries = await load(from, to);
  const days = [...Map.groupBy(entries, ({ aired }) => aired)].sort(([a], [b]) =>
    a.localeCompare(b),
  );
  root.classList.add("narrow");
  root.append(
    h("div.view-head", {}, h("h1", { tabIndex: -1 }, t("calendar"))),
    ...days.map(([day, episodes]) => makeDay(day, episodes)),
  );
  if (!days.length) {
    root.append(h("div.empty", {}, h("strong", {}, t("nothingAirs")), t("nothingAirsHint")));
  }
  return { title: t("calendar") };
}

async function load(from, to) {
  try {
    return (await callApi("GET", `v1/calendar?from=${from}&to=${to}`)).data;
  } catch (error) {
    if (error.status === 404) return []; // a server without a calendar
    throw error;
  }
}

const isoDay = (time) => {
  const date = new Date(time);
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return parts.map((part) => String(part).padStart(2, "0")).join("-");
};

function makeDay(day, episodes) {
  const isToday = day === isoDay(Date.now());
  const title = isToday ? t("today", { day: formatWeekday(day) }) : formatWeekday(day);
  const rows = episodes.map((episode) => {
    const link = h("a", { href: href(`series/${episode.anime_id}`) }, episode.title);
    const text = h(
      "p.text",
      {},
      link,
      " ",
      h("b.code", {}, episode.code),
      " ",
      episode.episode_title,
    );
    const badge = h("span.badge", { data: { state: episode.state } }, t(`airing.${episode.state}`));
    return h("li.line-row", {}, text, badge);
  });
  return h("section.card", {}, h("h2", {}, title), h("ul.rows", {}, rows));
}
