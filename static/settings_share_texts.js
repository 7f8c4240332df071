// The texts of sharing. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  shareLegend: ["Andere Instanzen dürfen holen", "Other instances may fetch"],
  "share.none": ["Nichts", "Nothing"],
  "share.all": ["Alle Serien", "All series"],
  "share.some": ["Ausgewählte Serien", "Some series"],
  shareHint: [
    "Geteiltes ist nur mit einem eigenen Schlüssel zu lesen, und sonst öffnet er nichts.",
    "What is shared can be read with a key of its own alone, which opens nothing else.",
  ],
  shareKey: ["Schlüssel zum Teilen anlegen", "Make a key for sharing"],
});
