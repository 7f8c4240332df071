// The folders: where the library lies, where downloads lie meanwhile, and how new files are called.

import { makeSettingsForm, loadSettings } from "./settings_form.js";
import "./settings_form_texts.js";
import { t } from "./i18n.js";

/** The two folders, which the first run asks for as well. */
export const FOLDERS = [
  { name: "anime_directory", kind: "text", hint: true },
  { name: "download_directory", kind: "text", hint: true },
];
const NAMES = [
  { name: "naming.series", kind: "text" },
  { name: "naming.season", kind: "text" },
  { name: "naming.episode", kind: "text", hint: true },
  { name: "write_nfo", kind: "check", hint: true },
];

export async function open(root) {
  const config = await loadSettings();
  root.append(
    makeSettingsForm(FOLDERS, config),
    makeSettingsForm(NAMES, config, { title: t("newNames") }),
  );
}
