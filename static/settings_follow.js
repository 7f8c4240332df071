// What happens by itself for the series that are followed.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { loadSettings, makeSettingsForm } from "./settings_form.js";
import "./settings_form_texts.js";

const WHOLE_DAY = { from: "00:00", to: "00:00" };
const FIELDS = [
  { name: "check_every_hours", kind: "number", most: 720, unit: "hours", hint: true },
  { name: "night", kind: "hours", empty: WHOLE_DAY, hint: true },
  { name: "daily_cap_gb", kind: "number", step: "any", unit: "gb", hint: true },
];

export async function open(root) {
  root.append(h("p.soft", {}, t("followHint")), makeSettingsForm(FIELDS, await loadSettings()));
}
