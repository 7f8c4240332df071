// The owner's wishes for the files of one series; what is left open is as for all series.

import { callApi } from "./api.js";
import { h, makeRefill } from "./dom.js";
import { runAction, showToast } from "./feedback.js";
import { t } from "./i18n.js";

const LINES = [480, 720, 1080, 2160];
const NO_BOUND = 0;

/**
 * @param {{series: any, path: (rest: string) => string}} context
 * @returns {{node: Node | string, update: () => void}}
 */
export function makeWishes(context) {
  if (!context.series.prefer || !context.series.source) return { node: "", update() {} };
  const field = (input, label) =>
    h("div.field", {}, h("label", { htmlFor: input.id }, label), input);
  const languages = h("input", {
    id: "wish-languages",
    autocomplete: "off",
    spellcheck: false,
    autocapitalize: "none",
    pattern: " *([a-zA-Z]{2}(-sub)?( *, *[a-zA-Z]{2}(-sub)?)*)? *",
    placeholder: t("wishLanguagesHint"),
  });
  const showLines = (select, value) => {
    const none = [new Option(t("asForAll"), ""), new Option(t("anyLines"), String(NO_BOUND))];
    const own = value && !LINES.includes(value) ? [...LINES, value] : LINES;
    const options = own.map((count) => new Option(`${count}p`, String(count)));
    select.replaceChildren(...none, ...options);
    select.value = value == null ? "" : String(value);
  };
  const most = h("select", { id: "wish-most" });
  const least = h("select", { id: "wish-least" });
  const days = h("input", { id: "wish-days", type: "number", min: 0, max: 365, step: 1 });
  const form = h(
    "form.fields",
    { id: "wishes" },
    field(languages, t("wishLanguages")),
    field(most, t("wishMost")),
    field(least, t("wishLeast")),
    field(days, t("wishDays")),
    h("button", { type: "submit" }, t("apply")),
  );
  const refill = makeRefill(form, () => {
    const wish = context.series.prefer;
    languages.value = (wish.languages ?? []).join(", ");
    showLines(most, wish.max_resolution);
    showLines(least, wish.min_resolution);
    days.value = wish.wait_days ?? "";
  });
  refill(true);
  form.onsubmit = (event) => {
    event.preventDefault();
    const number = (input) => (input.value === "" ? null : Number(input.value));
    const names = languages.value.toLowerCase().split(",");
    const asked = names.map((name) => name.trim()).filter(Boolean);
    const body = {
      languages: asked.length ? asked : null,
      max_resolution: number(most),
      min_resolution: number(least),
      wait_days: number(days),
      versions: context.series.prefer.versions,
    };
    runAction(form, async () => {
      const { data } = await callApi("PUT", context.path("prefer"), body);
      context.series.prefer = data;
      refill(true);
      showToast(t("wishesKept"));
    });
  };
  const hint = h("p.soft", {}, t("wishesHint"));
  const summary = h("summary", {}, t("wishesOf"));
  const node = h("details.card", { id: "series-wishes" }, summary, hint, form);
  return { node, update: () => refill() };
}
