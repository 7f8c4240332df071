// The texts of all settings. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  "settings.page": ["Diese Seite", "This page"],
  "settings.account": ["Konto", "Account"],
});
