// The reader's language, and numbers, sizes and times as it writes them.

export const LANGUAGES = ["de", "en"]; // in the order of the texts in i18n.js
const CHOICE_KEY = "aniworld.language"; // in localStorage

const preferences = [localStorage.getItem(CHOICE_KEY), ...navigator.languages];
/** @type {string} the reader's choice, else the browser's, else English */
export const language =
  preferences.map((name) => name?.slice(0, 2)).find((name) => LANGUAGES.includes(name)) ?? "en";

/** Choose the page's language, "de" or "en", and load the page again in it. */
export function chooseLanguage(name) {
  localStorage.setItem(CHOICE_KEY, name);
  location.reload();
}

const numberFormats = new Map(); // options as JSON -> the format: to make one takes long
function format(value, options) {
  const key = JSON.stringify(options);
  if (!numberFormats.has(key)) numberFormats.set(key, new Intl.NumberFormat(language, options));
  return numberFormats.get(key).format(value);
}

/** A number with at most one digit after the point. */
export const formatNumber = (value) => format(value, { maximumFractionDigits: 1 });

/** "59%", of a number of hundredths. */
export const formatPercent = (percent) => format(percent / 100, { style: "percent" });

/** "19.3 Mbit/s". */
export const formatSpeed = (megabits) => `${formatNumber(megabits)} Mbit/s`;

/** @type {[number, string][]} */
const SIZE_UNITS = [
  [1e9, "gigabyte"],
  [1e6, "megabyte"],
  [1e3, "kilobyte"],
  [1, "byte"],
];

/** "4.1 MB", of a number of bytes. */
export function formatSize(bytes) {
  const [factor, unit] = SIZE_UNITS.find(([least]) => bytes >= least) ?? SIZE_UNITS.at(-1);
  return format(bytes / factor, { style: "unit", unit, maximumFractionDigits: 1 });
}

/** "5 min", of a number of seconds. */
export function formatDuration(seconds) {
  let [unit, length] = ["hour", 3600];
  if (seconds < 90) [unit, length] = ["second", 1];
  else if (seconds < 5400) [unit, length] = ["minute", 60];
  return format(Math.max(0, Math.round(seconds / length)), { style: "unit", unit });
}

/** "08:11 PM", of a date, in the reader's time zone. */
export function formatTime(date) {
  return date.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
}

/** "2026-11-05", of a moment in the reader's time zone. */
export function isoDay(moment = Date.now()) {
  const date = new Date(moment);
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return parts.map((part) => String(part).padStart(2, "0")).join("-");
}

/** The day of what sources write: a date is that day everywhere, a moment the reader's day. */
export function dayOf(time) {
  const isMoment = time.length > 10 && !Number.isNaN(Date.parse(time));
  return isMoment ? isoDay(time) : time.slice(0, 10);
}

/** "5 Nov 2026", of a time or a date as the API writes it. */
export function formatDay(time) {
  const options = { dateStyle: "medium" };
  return new Date(`${dayOf(time)}T12:00`).toLocaleDateString(language, options);
}

/** "Thursday, 26 November", of a date as the API writes it. */
export function formatWeekday(day) {
  const options = { weekday: "long", day: "numeric", month: "long" };
  return new Date(`${day}T12:00`).toLocaleDateString(language, options);
}

/** "5 Nov 2026, 20:14", of a time as the API writes it. */
export function formatMoment(time) {
  const options = { dateStyle: "medium", timeStyle: "short" };
  return new Date(time).toLocaleString(language, options);
}
