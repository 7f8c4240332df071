// The calendar: which episodes air when, and what became of those that did.

import { callApi } from "./api.js";
import "./calendar_texts.js";
import { h, loadStyle } from "./dom.js";
import { formatWeekday } from "./formats.js";
import { t } from "./i18n.js";
import { makePicture } from "./pictures.js";
import { href } from "./router.js";

const DAY_MS = 86_400_000;
const [DAYS_BEFORE, DAYS_AFTER] = [7, 28];

export async function open(root) {
  const [from, to] = [-DAYS_BEFORE, DAYS_AFTER].map((days) => isoDay(Date.now() + days * DAY_MS));
  const [entries] = await Promise.all([load(from, to), loadStyle("calendar.css")]);
  const days = [...Map.groupBy(entries, ({ aired }) => aired)].sort(([a], [b]) =>
    a.localeCompare(b),
  );
  root.append(
    h("div.view-head", {}, h("h1", { tabIndex: -1 }, t("calendar"))),
    h("div.days", {}, ...days.map(([day, episodes]) => makeDay(day, episodes))),
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
  const today = isoDay(Date.now());
  const title = day === today ? t("today", { day: formatWeekday(day) }) : formatWeekday(day);
  const when = day === today ? "today" : day < today ? "past" : "coming";
  const rows = h("ul.rows", {}, episodes.map(makeRow));
  return h("section.card", { data: { day: when } }, h("h2", {}, title), rows);
}

function makeRow({ anime_id: id, title, code, episode_title: name, state }) {
  const about = h("span.soft", {}, h("b.code", {}, code), " ", name);
  const text = h("p.text", {}, h("a", { href: href(`series/${id}`) }, title), about);
  const badge = h("span.badge", { data: { state } }, t(`airing.${state}`));
  badge.hidden = state === "upcoming"; // as its day says
  return h("li.line-row", {}, makePicture({ id, title }), text, badge);
}
