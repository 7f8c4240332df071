// The first run: the folders, a source, and then the first look at both.

import { h, loadStyle } from "./dom.js";
import { runAction } from "./feedback.js";
import { t } from "./i18n.js";
import { rescan } from "./library_state.js";
import { navigate } from "./router.js";
import { FOLDERS } from "./settings_folders.js";
import { loadSettings, makeSettingsForm } from "./settings_form.js";
import { makeSources } from "./settings_sources.js";
import "./welcome_texts.js";

export async function open(root) {
  const [config] = await Promise.all([loadSettings(), loadStyle("settings.css")]);
  const go = h("button.main", { type: "button", id: "first-scan" }, t("firstScan"));
  const hint = h("p.soft");
  const drawHint = () => (hint.textContent = t(config.providers.length ? "readyHint" : "noneHint"));
  go.onclick = () =>
    runAction(go, async () => {
      await navigate("library");
      await rescan();
    });
  const sources = await makeSources(config, drawHint);
  drawHint();
  root.classList.add("narrow", "settings-content");
  root.append(
    h("div.view-head", {}, h("h1", { tabIndex: -1 }, t("welcome"))),
    h("p.soft", {}, t("welcomeHint")),
    makeSettingsForm(FOLDERS, config, { title: t("stepFolders") }),
    sources,
    h("section.card", {}, h("h2", {}, t("stepScan")), hint, h("div.foot", {}, go)),
  );
  return { title: t("welcome") };
}
