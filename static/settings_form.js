// A card of settings: its fields are checked by the server as one types, and saved together.

import { callApi } from "./api.js";
import { h } from "./dom.js";
import { runAction, showToast } from "./feedback.js";
import { makeFields, problemsOf, sayProblems } from "./form_fields.js";
import { t } from "./i18n.js";

const CHECK_AFTER_MS = 500;

/**
 * Make a card of settings.
 * @param {import("./form_fields.js").Field[]} fields
 * @param {any} config the settings in force
 * @param {{title?: any, isChecked?: boolean, onSaved?: (config: any) => void,
 *   onProblems?: (count: number) => void}} options with `isChecked` the settings in force are
 *   checked at once
 * @returns {HTMLElement}
 */
export function makeSettingsForm(fields, config, options = {}) {
  const { title, isChecked, onSaved, onProblems } = options;
  const names = [...new Set(fields.map(({ name }) => name.split(".")[0]))];
  const forced = config.forced ?? {};
  const form = makeFields(fields, pick(config, names), forced);
  const saveButton = h("button.main", { type: "submit", disabled: true }, t("save"));
  const otherLine = h("p.bad", { role: "alert" });
  const card = h(
    "form.card.settings-form",
    { noValidate: true },
    title && h("h2", {}, title),
    ...form.nodes,
    otherLine,
    h("div.foot", {}, saveButton),
  );
  let timer = 0;
  let checking = new AbortController();

  function changes() {
    const values = form.read();
    const changed = names.filter(
      (name) => !forced[name] && JSON.stringify(values[name]) !== JSON.stringify(config[name]),
    );
    return pick(values, changed);
  }

  function showProblems(problems) {
    const others = form.showProblems(problems);
    onProblems?.(problems.length);
    sayProblems(otherLine, others);
  }

  async function check() {
    const changed = changes();
    saveButton.disabled = !Object.keys(changed).length;
    if (saveButton.disabled && !isChecked) return showProblems([]);
    const body = saveButton.disabled ? pick(config, names) : changed;
    checking = new AbortController();
    const { signal } = checking;
    try {
      const { problems } = await callApi("POST", "config/validate", body, { signal });
      showProblems(problems);
    } catch (refusal) {
      if (refusal.name !== "AbortError") showProblems(problemsOf(refusal));
    }
  }

  function checkSoon() {
    checking.abort();
    clearTimeout(timer);
    saveButton.disabled = !Object.keys(changes()).length;
    timer = setTimeout(check, CHECK_AFTER_MS);
  }
  card.addEventListener("input", checkSoon);
  card.addEventListener("change", checkSoon);

  card.onsubmit = (event) => {
    event.preventDefault();
    checking.abort();
    clearTimeout(timer);
    const body = changes();
    if (!Object.keys(body).length) return;
    runAction(saveButton, async () => {
      try {
        Object.assign(config, (await callApi("PUT", "config", body)).data);
      } catch (refusal) {
        const problems = problemsOf(refusal);
        if (!problems.length) throw refusal;
        showProblems(problems);
        return form.focusProblem();
      }
      showProblems([]);
      saveButton.disabled = true;
      showToast(t("saved"));
      onSaved?.(config);
    });
  };
  if (isChecked) check();
  return card;
}

const pick = (values, names) => Object.fromEntries(names.map((name) => [name, values[name]]));

/** The settings in force. */
export async function loadSettings() {
  return (await callApi("GET", "config")).data;
}
