// The texts of the login form. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  setUp: ["Einrichten", "Set up"],
  setUpHint: [
    "Ein Passwort für diesen Server wählen: 8 bis 1.024 Zeichen.",
    "Choose a password for this server: 8 to 1,024 characters.",
  ],
  setPassword: ["Passwort setzen", "Set the password"],
  login: ["Anmelden", "Log in"],
  loginHint: ["Mit dem Passwort dieses Servers.", "With the password of this server."],
  sessionEnded: [
    "Die Sitzung ist zu Ende. Bitte neu anmelden.",
    "The session has ended. Please log in again.",
  ],
  setupCodeMissing: [
    "Zum Einrichten von einem anderen Gerät ist der Einrichtungscode nötig.",
    "To set up from another device the setup code is needed.",
  ],
  setupCodeWrong: ["Der Einrichtungscode stimmt nicht.", "The setup code is wrong."],
  tooManyLogins: ["Zu viele Versuche. Noch {time} warten.", "Too many attempts. Wait {time}."],
  waitFor: ["Noch {time} warten", "Wait {time}"],
});
