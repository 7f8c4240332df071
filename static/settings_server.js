// The server: who gets in without a password, how often, and what it logs.

import { t } from "./i18n.js";
import { loadSettings, makeSettingsForm } from "./settings_form.js";
import "./settings_form_texts.js";

const LEVELS = ["debug", "info", "warning", "error"];
const FIELDS = [
  { name: "session_timeout_hours", kind: "number", least: 1, most: 8760, unit: "hours" },
  {
    name: "local_owner",
    kind: "choice",
    options: ["auto", "off"],
    textOf: (name) => t(`owner.${name}`),
    hint: true,
  },
  { name: "rate_limit_per_minute", kind: "number", most: 100_000, hint: true },
  { name: "trusted_proxies", kind: "words", hint: true, example: "192.168.1.2, 10.0.0.0/24" },
  { name: "log_level", kind: "choice", options: LEVELS, textOf: (name) => t(`level.${name}`) },
];

export async function open(root) {
  root.append(makeSettingsForm(FIELDS, await loadSettings()));
}
