// Downloads: how many at once, how fast, and which of several files of an episode.

import { t } from "./i18n.js";
import { loadSettings, makeSettingsForm } from "./settings_form.js";
import "./settings_form_texts.js";

const LINE = [
  { name: "max_concurrent_downloads", kind: "number", least: 1, most: 16 },
  { name: "max_connections_per_host", kind: "number", least: 1, most: 16, hint: true },
  { name: "bandwidth_limit_mbps", kind: "number", step: "any", unit: "mbps", hint: true },
  { name: "limits", kind: "limits", hint: true },
];
const VERSIONS = ["audio-description", "sign-language", "plain-language"];
const WISHES = [
  { name: "prefer.languages", kind: "words", hint: true, example: "de, en, ja" },
  { name: "prefer.max_resolution", kind: "number", most: 8640, empty: null, unit: "lines" },
  { name: "prefer.min_resolution", kind: "number", most: 8640, empty: null, unit: "lines" },
  { name: "prefer.wait_days", kind: "number", most: 365, unit: "days", hint: true },
  {
    name: "prefer.versions",
    kind: "checks",
    options: VERSIONS,
    textOf: (name) => t(`version.${name}`),
  },
];

export async function open(root) {
  const config = await loadSettings();
  root.append(
    makeSettingsForm(LINE, config),
    makeSettingsForm(WISHES, config, { title: t("wishes") }),
  );
}
