// The first run in three steps: the password, the folders, a source; and the first look at them.

import { h, loadStyle } from "./dom.js";
import { runAction } from "./feedback.js";
import { t } from "./i18n.js";
import { rescan } from "./library_state.js";
import { loadSentences } from "./reasons.js";
import { navigate } from "./router.js";
import { FOLDERS } from "./settings_folders.js";
import { loadSettings, makeSettingsForm } from "./settings_form.js";
import { makeSources } from "./settings_sources.js";
import "./welcome_texts.js";

const STEPS = ["password", "folders", "sources"];

export async function open(root) {
  const [config] = await Promise.all([
    loadSettings(),
    loadStyle("settings.css"),
    loadSentences(),
  ]);
  const go = h("button.main", { type: "button", id: "first-scan" }, t("firstScan"));
  const hint = h("p.soft");
  const steps = h("ol.steps", { ariaLabel: t("steps") });
  let folderProblems = 0;

  function draw() {
    const isDone = [true, !folderProblems, config.providers.length > 0];
    const current = isDone.indexOf(false);
    steps.replaceChildren(
      ...STEPS.map((name, index) => {
        const number = h("b", { ariaHidden: "true" }, isDone[index] ? "✓" : String(index + 1));
        const step = h("li", {}, number, t(`setUp.${name}`));
        if (isDone[index]) step.append(h("span.visually-hidden", {}, t("stepDone")));
        step.dataset.state = isDone[index] ? "done" : "open";
        if (index === current) step.ariaCurrent = "step";
        return step;
      }),
    );
    hint.textContent = t(config.providers.length ? "readyHint" : "noneHint");
  }

  go.onclick = () =>
    runAction(go, async () => {
      await navigate("library");
      await rescan();
    });
  const folders = makeSettingsForm(FOLDERS, config, {
    title: numbered(2, "stepFolders"),
    isChecked: true,
    onProblems(count) {
      folderProblems = count;
      draw();
    },
  });
  const sources = await makeSources(config, { title: numbered(3, "sourceList"), onSaved: draw });
  draw();
  root.classList.add("narrow", "settings-content");
  root.append(
    h("h1", { tabIndex: -1 }, t("welcome")),
    h("p.soft", {}, t("welcomeHint")),
    steps,
    folders,
    sources,
    h("section.card", {}, h("h2", {}, t("stepScan")), hint, h("div.foot", {}, go)),
  );
  return { title: t("welcome") };
}

const numbered = (number, key) => [h("span.step-number", {}, String(number)), t(key)];
