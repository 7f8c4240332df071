// What Linux says of files, in German; it stands at the end of what the server says.

const ERRORS = {
  "No such file or directory": "Datei oder Ordner fehlt",
  "Permission denied": "der Zugriff ist verweigert",
  "Operation not permitted": "das ist nicht erlaubt",
  "Read-only file system": "die Platte ist nur zum Lesen eingehängt",
  "Input/output error": "Lesen oder Schreiben schlug fehl",
  "No space left on device": "die Platte ist voll",
  "Disk quota exceeded": "das Kontingent auf der Platte ist aufgebraucht",
  "Not a directory": "es ist kein Ordner",
  "Is a directory": "es ist ein Ordner",
  "Transport endpoint is not connected": "die Platte im Netz ist nicht verbunden",
  "Stale file handle": "die Platte im Netz wurde neu eingehängt",
  "Host is down": "der Rechner mit der Platte ist aus",
  "No route to host": "der Rechner mit der Platte ist nicht erreichbar",
  "Connection timed out": "der Rechner mit der Platte antwortet nicht",
  "No such device": "die Platte fehlt",
  "No such device or address": "die Platte fehlt",
  "Device or resource busy": "es ist in Gebrauch",
  "File exists": "es gibt sie schon",
  "File name too long": "der Name ist zu lang",
  "File too large": "die Datei ist zu groß für diese Platte",
  "Too many open files": "zu viele Dateien sind offen",
  "Too many levels of symbolic links": "ein Link führt dort im Kreis",
  "Invalid cross-device link": "es liegt auf einer anderen Platte",
  "Structure needs cleaning": "das Dateisystem ist beschädigt",
};
const AT_END = new RegExp(`(^|: )(${Object.keys(ERRORS).join("|")})$`);

/** The same text with its last words in German, where they are the system's. */
export const sayErrorInGerman = (text) =>
  text.replace(AT_END, (_, before, error) => before + ERRORS[error]);
